// Whole cases: the measurements of a target, and the one cause that must come out of them.

#include <cerrno>
#include <functional>

#include <asio/error.hpp>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "checks/checks.h"

namespace fwprobe::checks {
namespace {

using asio::ip::make_address;
using namespace std::chrono_literals;

const probe::WallClock::time_point now = probe::WallClock::from_time_t(1'780'000'000);

/// An investigation in the making: measurements are added in the order in which they would come.
struct Story {
  Target target;
  Settings settings;
  Evidence evidence;
  std::uint32_t last = 0;

  explicit Story(const char* text) : target{*parse_target(text)} {
    probe::Environment environment;
    environment.question.names = {target.host.name};
    environment.host = "here";
    environment.addresses = {make_address("10.0.0.5")};
    environment.ipv4_route = true;
    environment.resolver.servers = {{make_address("10.0.0.53"), 53}};
    add(environment);
  }

  probe::MeasurementId add(probe::Fact fact) {
    const probe::MeasurementId id{++last};
    evidence.add({id, {now, 20ms}, std::move(fact)});
    return id;
  }

  Story& dns(probe::DnsStatus status, std::vector<const char*> addresses = {},
             const char* resolver = "10.0.0.53") {
    for (const auto type : {probe::DnsType::a, probe::DnsType::aaaa}) {
      probe::DnsLookup lookup;
      lookup.question = {target.host.name, type, {make_address(resolver), 53}, probe::DnsTransport::udp};
      lookup.status = status;
      for (const auto* text : addresses)
        if (make_address(text).is_v6() == (type == probe::DnsType::aaaa))
          lookup.addresses.push_back({make_address(text), 60s});
      if (lookup.addresses.empty() && status == probe::DnsStatus::answered)
        lookup.status = probe::DnsStatus::nodata;
      add(lookup);
    }
    return *this;
  }
  Story& resolves(std::vector<const char*> addresses) {
    return dns(probe::DnsStatus::answered, std::move(addresses));
  }

  probe::TcpQuestion to(const char* address, probe::TcpPurpose purpose = probe::TcpPurpose::reach,
                        int attempt = 1) const {
    return {{make_address(address), target.port}, purpose, attempt};
  }
  probe::MeasurementId connects(const char* address, int attempt = 1) {
    return add(probe::TcpConnect{to(address, probe::TcpPurpose::reach, attempt), probe::TcpEstablished{}});
  }
  Story& fails(const char* address, int error, std::optional<probe::IcmpError> icmp = {}, int attempt = 1) {
    add(probe::TcpConnect{
        to(address, probe::TcpPurpose::reach, attempt),
        std::unexpected{probe::ConnectFailure{{{error, std::system_category()}, icmp}, 2, false}}});
    return *this;
  }
  Story& refused_here(const char* address, int error) {
    add(probe::TcpConnect{
        to(address), std::unexpected{probe::ConnectFailure{{{error, std::system_category()}, {}}, 0, true}}});
    return *this;
  }
  Story& ends_early(const char* address) {
    probe::TcpEstablished established;
    established.early_end = probe::EarlyEnd{5ms, false};
    add(probe::TcpConnect{to(address, probe::TcpPurpose::listen), established});
    return *this;
  }

  probe::TlsQuestion hello(probe::MeasurementId over,
                           probe::TlsPolicy policy = probe::TlsPolicy::standard) const {
    return {over, target.host.name, target.host, policy, {}};
  }
  probe::MeasurementId shakes_hands(probe::MeasurementId over, std::vector<int> errors = {},
                                    std::vector<probe::Certificate> chain = {leaf()}) {
    probe::TlsHandshake handshake;
    handshake.question = hello(over);
    handshake.chain = std::move(chain);
    for (const auto code : errors) handshake.verify_errors.push_back({code, "said by the library", 0});
    handshake.result = probe::TlsSession{"TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519", "", false};
    return add(handshake);
  }
  Story& handshake_fails(probe::MeasurementId over,
                         const std::function<void(probe::TlsHandshake&, probe::TlsFailure&)>& how) {
    probe::TlsHandshake handshake;
    handshake.question = hello(over);
    probe::TlsFailure failure;
    how(handshake, failure);
    handshake.result = std::unexpected{failure};
    add(handshake);
    return *this;
  }
  Story& offers(probe::MeasurementId over, const char* version) {
    probe::TlsHandshake handshake;
    handshake.question = hello(over, probe::TlsPolicy::permissive);
    handshake.result = probe::TlsSession{version, "TLS_RSA_WITH_AES_128_CBC_SHA", "", "", false};
    add(handshake);
    return *this;
  }

  probe::MeasurementId answers(probe::MeasurementId over, std::uint16_t status,
                               std::vector<probe::HttpHeader> headers = {},
                               std::optional<probe::Url> url = {}) {
    probe::HttpExchange exchange;
    exchange.question.connection = over;
    exchange.question.request.url = url.value_or(target.url);
    probe::HttpResponse response;
    response.status = status;
    response.headers = std::move(headers);
    response.reusable = true;
    exchange.result = std::move(response);
    return add(exchange);
  }
  Story& exchange_fails(probe::MeasurementId over, probe::HttpFailure failure) {
    probe::HttpExchange exchange;
    exchange.question.connection = over;
    exchange.question.request.url = target.url;
    exchange.result = std::unexpected{std::move(failure)};
    add(exchange);
    return *this;
  }

  static probe::Certificate leaf() {
    probe::Certificate certificate;
    certificate.subject = "CN=azure.example.com";
    certificate.issuer = "CN=Example issuer";
    certificate.dns_names = {"azure.example.com"};
    certificate.not_before = now - 24h * 30;
    certificate.not_after = now + 24h * 60;
    return certificate;
  }
  static probe::Certificate issued_by(const char* issuer) {
    auto certificate = leaf();
    certificate.issuer = issuer;
    return certificate;
  }
  static probe::Certificate issued_by_itself(const char* subject) {
    auto certificate = leaf();
    certificate.subject = certificate.issuer = subject;
    certificate.self_issued = true;
    return certificate;
  }
};

probe::TransportFailure transport(const std::error_code& error) { return {error, {}}; }
probe::TlsAlert alert(std::uint8_t code) { return {code, "alert_" + std::to_string(code)}; }
probe::IcmpError icmp(int type, int code, const char* sender) {
  const auto address = make_address(sender);
  return {address.is_v6() ? probe::IcmpError::Family::icmp6 : probe::IcmpError::Family::icmp,
          static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code), address};
}

constexpr const char* site = "https://azure.example.com/";

struct Row {
  const char* name;
  std::function<void(Story&)> story;
  const char* cause;  ///< null: passes
  const char* target = site;
  Status status = Status::fail;
};

/// A healthy way up to the handshake.
probe::MeasurementId up(Story& story) {
  story.resolves({"192.0.2.1"});
  return story.shakes_hands(story.connects("192.0.2.1"));
}

const Row rows[] = {
    {"everything works", [](Story& s) { s.answers(up(s), 200); }, nullptr, site, Status::pass},

    // ---- names
    {"the name does not exist", [](Story& s) { s.dns(probe::DnsStatus::nxdomain); }, "dns.nxdomain"},
    {"the name has no address", [](Story& s) { s.dns(probe::DnsStatus::nodata); }, "dns.nodata"},
    {"the resolver fails", [](Story& s) { s.dns(probe::DnsStatus::servfail); }, "dns.servfail"},
    {"the resolver refuses", [](Story& s) { s.dns(probe::DnsStatus::refused); }, "dns.refused"},
    {"the resolver is silent", [](Story& s) { s.dns(probe::DnsStatus::timeout); }, "dns.timeout"},
    {"the resolver is not there", [](Story& s) { s.dns(probe::DnsStatus::unreachable); }, "dns.unreachable"},
    {"the resolver talks nonsense", [](Story& s) { s.dns(probe::DnsStatus::malformed); }, "dns.malformed"},
    {"the aliases go round", [](Story& s) { s.dns(probe::DnsStatus::alias_loop); }, "dns.cname_loop"},
    {"a blocking address goes before the timeout that follows from it",
     [](Story& s) { s.resolves({"0.0.0.0"}).fails("0.0.0.0", ETIMEDOUT); }, "dns.sinkhole"},
    {"loopback where nothing answers is a blocking address",
     [](Story& s) { s.resolves({"127.0.0.1"}).fails("127.0.0.1", ECONNREFUSED); }, "dns.sinkhole"},
    {"loopback where the service answers is none",
     [](Story& s) {
       s.resolves({"127.0.0.1"});
       s.answers(s.shakes_hands(s.connects("127.0.0.1")), 200);
     },
     nullptr, site, Status::pass},
    {"a private address is fine unless a public one is expected",
     [](Story& s) {
       s.resolves({"10.1.2.3"});
       s.answers(s.shakes_hands(s.connects("10.1.2.3")), 200);
     },
     nullptr, site, Status::pass},
    {"a private address where a public one is expected",
     [](Story& s) {
       s.settings.name_scope = NameScope::expect_public;
       s.resolves({"10.1.2.3"}).fails("10.1.2.3", ETIMEDOUT);
     },
     "dns.private_address"},
    {"a public address where a private one is expected",
     [](Story& s) {
       s.settings.name_scope = NameScope::expect_private;
       s.resolves({"8.8.8.8"});
       s.answers(s.shakes_hands(s.connects("8.8.8.8")), 200);
     },
     "dns.public_address"},
    {"an address outside of what is expected",
     [](Story& s) {
       s.settings.expected_addresses = {allowlist::parse_prefix("192.0.2.0/28")->prefix};
       s.resolves({"192.0.2.99"});
       s.answers(s.shakes_hands(s.connects("192.0.2.99")), 200);
     },
     "dns.public_address"},
    {"one resolver knows the name and the other does not",
     [](Story& s) {
       s.settings.dns_servers = {{make_address("10.0.0.53"), 53}, {make_address("10.0.0.54"), 53}};
       s.dns(probe::DnsStatus::nxdomain).dns(probe::DnsStatus::answered, {"192.0.2.1"}, "10.0.0.54");
       s.answers(s.shakes_hands(s.connects("192.0.2.1")), 200);
     },
     "dns.disagreement"},
    {"a silent resolver beside one that answers is a warning",
     [](Story& s) {
       s.settings.dns_servers = {{make_address("10.0.0.53"), 53}, {make_address("10.0.0.54"), 53}};
       s.dns(probe::DnsStatus::timeout).dns(probe::DnsStatus::answered, {"192.0.2.1"}, "10.0.0.54");
       s.answers(s.shakes_hands(s.connects("192.0.2.1")), 200);
     },
     "dns.timeout", site, Status::warn},

    // ---- connections
    {"SYNs vanish", [](Story& s) { s.resolves({"192.0.2.1"}).fails("192.0.2.1", ETIMEDOUT); },
     "tcp.filtered"},
    {"a RST without an ICMP error",
     [](Story& s) { s.resolves({"192.0.2.1"}).fails("192.0.2.1", ECONNREFUSED); }, "tcp.refused"},
    {"a default REJECT is no closed port",
     [](Story& s) { s.resolves({"192.0.2.1"}).fails("192.0.2.1", ECONNREFUSED, icmp(3, 3, "198.51.100.1")); },
     "tcp.port_unreachable"},
    {"administratively prohibited",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).fails("192.0.2.1", EHOSTUNREACH, icmp(3, 13, "198.51.100.1"));
     },
     "tcp.rejected"},
    {"administratively prohibited, IPv6",
     [](Story& s) { s.resolves({"2001:db8::1"}).fails("2001:db8::1", EACCES, icmp(1, 1, "2001:db8:f::1")); },
     "tcp.rejected"},
    {"no route at a router",
     [](Story& s) { s.resolves({"192.0.2.1"}).fails("192.0.2.1", ENETUNREACH, icmp(3, 0, "198.51.100.1")); },
     "tcp.net_unreachable"},
    {"host unreachable at a router",
     [](Story& s) { s.resolves({"192.0.2.1"}).fails("192.0.2.1", EHOSTUNREACH, icmp(3, 1, "198.51.100.1")); },
     "tcp.host_unreachable"},
    {"time exceeded at full TTL",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).fails("192.0.2.1", EHOSTUNREACH, icmp(11, 0, "198.51.100.1"));
     },
     "tcp.routing_loop"},
    {"an ICMP error from one of our own addresses",
     [](Story& s) { s.resolves({"192.0.2.1"}).fails("192.0.2.1", ECONNREFUSED, icmp(3, 3, "10.0.0.5")); },
     "local.blocked"},
    {"no route here", [](Story& s) { s.resolves({"192.0.2.1"}).refused_here("192.0.2.1", ENETUNREACH); },
     "local.no_route"},
    {"no descriptor left", [](Story& s) { s.resolves({"192.0.2.1"}).refused_here("192.0.2.1", EMFILE); },
     "local.out_of_resources"},
    {"only IPv6 addresses and no IPv6 route",
     [](Story& s) { s.resolves({"2001:db8::1"}).refused_here("2001:db8::1", ENETUNREACH); },
     "local.no_address_family"},
    {"an IPv6 address without a route beside IPv4 that works is a note",
     [](Story& s) {
       s.resolves({"192.0.2.1", "2001:db8::1"}).refused_here("2001:db8::1", ENETUNREACH);
       s.answers(s.shakes_hands(s.connects("192.0.2.1")), 200);
     },
     nullptr, site, Status::pass},
    {"one of two addresses is filtered",
     [](Story& s) {
       s.resolves({"192.0.2.1", "192.0.2.2"}).fails("192.0.2.2", ETIMEDOUT);
       s.answers(s.shakes_hands(s.connects("192.0.2.1")), 200);
     },
     "tcp.partial"},
    {"one of two attempts",
     [](Story& s) {
       s.settings.attempts = 2;
       s.resolves({"192.0.2.1"});
       s.connects("192.0.2.1");
       s.fails("192.0.2.1", ETIMEDOUT, {}, 2);
     },
     "tcp.intermittent"},
    {"accepted and closed", [](Story& s) { s.resolves({"192.0.2.1"}).ends_early("192.0.2.1"); },
     "tcp.closed_early", "tcp://azure.example.com:1433"},

    // ---- TLS
    {"clear text in answer to the ClientHello",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).handshake_fails(s.connects("192.0.2.1"), [](auto&, auto& f) {
         f.first_bytes = "HTTP/1.1 400";
         f.answered = true;
       });
     },
     "tls.not_tls"},
    {"the ClientHello is not answered",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).handshake_fails(s.connects("192.0.2.1"), [](auto&, auto& f) {
         f.transport = transport(asio::error::timed_out);
       });
     },
     "tls.client_hello_dropped"},
    {"the ClientHello is answered with a RST",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).handshake_fails(s.connects("192.0.2.1"), [](auto&, auto& f) {
         f.transport = transport(asio::error::connection_reset);
       });
     },
     "tls.client_hello_reset"},
    {"closed on the ClientHello, and closed in silence, too",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).handshake_fails(s.connects("192.0.2.1"), [](auto&, auto& f) {
         f.transport = transport(asio::error::eof);
       });
       s.ends_early("192.0.2.1");
     },
     "tcp.closed_early"},
    {"the handshake stalls",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).handshake_fails(s.connects("192.0.2.1"), [](auto&, auto& f) {
         f.transport = transport(asio::error::timed_out);
         f.answered = true;
       });
     },
     "tls.handshake_timeout"},
    {"only TLS 1.0 is offered",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).handshake_fails(s.connects("192.0.2.1"), [](auto&, auto& f) {
         f.received = alert(70);
         f.answered = true;
       });
       s.offers(s.connects("192.0.2.1", 2), "TLSv1.0");
     },
     "tls.protocol_version"},
    {"a handshake failure is about the version when only old ones are offered",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).handshake_fails(s.connects("192.0.2.1"), [](auto&, auto& f) {
         f.received = alert(40);
         f.answered = true;
       });
       s.offers(s.connects("192.0.2.1", 2), "TLSv1.1");
     },
     "tls.protocol_version"},
    {"no cipher suite in common",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).handshake_fails(s.connects("192.0.2.1"), [](auto&, auto& f) {
         f.received = alert(40);
         f.answered = true;
       });
     },
     "tls.no_common_cipher"},
    {"the name is not known",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).handshake_fails(s.connects("192.0.2.1"), [](auto&, auto& f) {
         f.received = alert(112);
         f.answered = true;
       });
     },
     "tls.unrecognized_name"},
    {"a client certificate is required",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).handshake_fails(s.connects("192.0.2.1"), [](auto& h, auto& f) {
         h.client_certificate_requested = true;
         f.received = alert(116);
         f.answered = true;
       });
     },
     "tls.client_certificate_required"},
    {"another alert",
     [](Story& s) {
       s.resolves({"192.0.2.1"}).handshake_fails(s.connects("192.0.2.1"), [](auto&, auto& f) {
         f.received = alert(80);
         f.answered = true;
       });
     },
     "tls.alert"},
    {"an expired certificate",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.shakes_hands(s.connects("192.0.2.1"), {X509_V_ERR_CERT_HAS_EXPIRED});
     },
     "tls.certificate_expired"},
    {"a certificate of the future",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.shakes_hands(s.connects("192.0.2.1"), {X509_V_ERR_CERT_NOT_YET_VALID});
     },
     "tls.certificate_not_yet_valid"},
    {"another name",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.shakes_hands(s.connects("192.0.2.1"), {X509_V_ERR_HOSTNAME_MISMATCH});
     },
     "tls.certificate_name_mismatch"},
    {"a weak key",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.shakes_hands(s.connects("192.0.2.1"), {X509_V_ERR_EE_KEY_TOO_SMALL});
     },
     "tls.certificate_weak"},
    {"self-signed",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.shakes_hands(s.connects("192.0.2.1"), {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
                      {Story::issued_by_itself("CN=me")});
     },
     "tls.certificate_self_signed"},
    {"an unknown root",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.shakes_hands(s.connects("192.0.2.1"), {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
                      {Story::leaf(), Story::issued_by_itself("CN=Example issuer")});
     },
     "tls.certificate_untrusted"},
    {"a device that inspects issued the chain: that is why nobody trusts it",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.shakes_hands(s.connects("192.0.2.1"),
                      {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_HOSTNAME_MISMATCH},
                      {Story::issued_by("CN=Zscaler Intermediate Root CA,O=Zscaler Inc."),
                       Story::issued_by_itself("CN=Zscaler Root CA,O=Zscaler Inc.")});
     },
     "tls.intercepted"},
    {"a device whose root is trusted here works here, and is told",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.answers(s.shakes_hands(s.connects("192.0.2.1"), {},
                                {Story::issued_by("CN=Zscaler Intermediate Root CA,O=Zscaler Inc.")}),
                 200);
     },
     "tls.intercepted", site, Status::warn},
    {"a device that is trusted here, and then blocks: the block page stops the request",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.answers(s.shakes_hands(s.connects("192.0.2.1"), {},
                                {Story::issued_by("CN=Zscaler Intermediate Root CA,O=Zscaler Inc.")}),
                 403, {{"Server", "Zscaler/6.2"}});
     },
     "http.block_page"},
    {"a filter's address goes before the certificate that it has",
     [](Story& s) {
       s.resolves({"208.91.112.55"});
       s.shakes_hands(s.connects("208.91.112.55"), {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
                      {Story::issued_by_itself("CN=Fortiguard SDNS Blocked Page")});
     },
     "dns.sinkhole"},
    {"an issuer that is only unknown is no device",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.shakes_hands(s.connects("192.0.2.1"), {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
                      {Story::issued_by("CN=Contoso Issuing CA 1,O=Contoso")});
     },
     "tls.certificate_untrusted"},
    {"a leaf alone of an unknown issuer may be either, so the more general is said",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.shakes_hands(s.connects("192.0.2.1"), {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY});
     },
     "tls.certificate_untrusted"},
    {"a leaf alone of a public authority lacks its intermediate",
     [](Story& s) {
       auto leaf = Story::leaf();
       leaf.public_log = true;
       s.resolves({"192.0.2.1"});
       s.shakes_hands(s.connects("192.0.2.1"), {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY}, {leaf});
     },
     "tls.certificate_incomplete_chain"},
    {"a chain that seems to lie in the future shows a clock in the past",
     [](Story& s) {
       auto leaf = Story::leaf();
       auto issuer = Story::leaf();
       leaf.not_before = now + 24h * 900;
       issuer.not_before = now + 24h * 400;
       s.resolves({"192.0.2.1"});
       s.shakes_hands(s.connects("192.0.2.1"), {X509_V_ERR_CERT_NOT_YET_VALID}, {leaf, issuer});
     },
     "local.clock_skew"},
    {"a certificate that ends soon is a warning",
     [](Story& s) {
       auto leaf = Story::leaf();
       leaf.not_after = now + 24h * 3;
       s.resolves({"192.0.2.1"});
       s.answers(s.shakes_hands(s.connects("192.0.2.1"), {}, {leaf}), 200);
     },
     "tls.certificate_expires_soon", site, Status::warn},

    // ---- HTTP
    {"no answer",
     [](Story& s) {
       probe::HttpFailure f;
       f.transport = transport(asio::error::timed_out);
       s.exchange_fails(up(s), f);
     },
     "http.timeout"},
    {"closed in the middle",
     [](Story& s) {
       probe::HttpFailure f;
       f.transport = transport(asio::error::eof);
       f.received = 7;
       s.exchange_fails(up(s), f);
     },
     "http.closed_early"},
    {"no HTTP",
     [](Story& s) {
       probe::HttpFailure f;
       f.kind = probe::HttpFailure::Kind::malformed;
       f.received = 7;
       s.exchange_fails(up(s), f);
     },
     "http.malformed"},
    {"too large",
     [](Story& s) {
       probe::HttpFailure f;
       f.kind = probe::HttpFailure::Kind::body_too_large;
       f.received = 7;
       s.exchange_fails(up(s), f);
     },
     "http.too_large"},
    {"401", [](Story& s) { s.answers(up(s), 401); }, "http.unauthorized"},
    {"403", [](Story& s) { s.answers(up(s), 403); }, "http.forbidden"},
    {"a block page with 403 is the filter's, not the server's",
     [](Story& s) { s.answers(up(s), 403, {{"X-Squid-Error", "ERR_ACCESS_DENIED 0"}}); }, "http.block_page"},
    {"a portal's redirect is no redirect of the server",
     [](Story& s) { s.answers(up(s), 302, {{"Location", "https://n1.network-auth.com/splash/"}}); },
     "http.captive_portal"},
    {"a portal by its status", [](Story& s) { s.answers(up(s), 511); }, "http.captive_portal"},
    {"404", [](Story& s) { s.answers(up(s), 404); }, "http.not_found"},
    {"418", [](Story& s) { s.answers(up(s), 418); }, "http.client_error"},
    {"503", [](Story& s) { s.answers(up(s), 503); }, "http.server_error"},
    {"a redirect without a location", [](Story& s) { s.answers(up(s), 302); }, "http.unexpected_status"},
    {"a redirect to itself", [](Story& s) { s.answers(up(s), 302, {{"Location", "/"}}); },
     "http.redirect_loop"},
    {"a redirect that is followed to a good end",
     [](Story& s) {
       const auto first = s.answers(up(s), 302, {{"Location", "/next"}});
       s.answers(first, 200, {}, *probe::parse_url("https://azure.example.com/next"));
     },
     nullptr, site, Status::pass},
    {"a clock that differs by days while everything works is a warning",
     [](Story& s) { s.answers(up(s), 200, {{"Date", "Thu, 01 Jan 2026 00:00:00 GMT"}}); }, "local.clock_skew",
     site, Status::warn},

    // ---- SSH
    {"something else on the SSH port",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.add(probe::SshBanner{{s.connects("192.0.2.1")}, std::unexpected{probe::SshFailure{{}, "220 mail"}}});
     },
     "ssh.not_ssh", "ssh://azure.example.com"},
    {"no identification",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.add(probe::SshBanner{{s.connects("192.0.2.1")},
                              std::unexpected{probe::SshFailure{transport(asio::error::timed_out), ""}}});
     },
     "ssh.banner_timeout", "ssh://azure.example.com"},

    // ---- what was not measured has not passed
    {"nothing after the connection",
     [](Story& s) {
       s.resolves({"192.0.2.1"});
       s.connects("192.0.2.1");
     },
     nullptr, site, Status::error},
};

TEST(Verdict, IsTheEarliestBrokenThing) {
  for (const auto& row : rows) {
    Story story{row.target};
    row.story(story);
    const Case the_case{story.target, story.settings, story.evidence};
    const auto findings = judge(the_case);
    const auto diagnosis = diagnose(the_case, findings);
    EXPECT_EQ(name(worst(findings)), name(row.status)) << row.name;
    if (row.cause == nullptr) {
      EXPECT_TRUE(!diagnosis || !diagnosis->cause) << row.name << ": " << checks::row(*diagnosis->cause).code;
      continue;
    }
    ASSERT_TRUE(diagnosis && diagnosis->cause) << row.name;
    EXPECT_EQ(checks::row(*diagnosis->cause).code, row.cause) << row.name << ": " << diagnosis->explanation;
    EXPECT_FALSE(diagnosis->remedy.empty()) << row.name;
    EXPECT_FALSE(diagnosis->evidence.empty()) << row.name;
  }
}

TEST(Location, IsTheSenderOfAnIcmpError) {
  Story story{site};
  story.resolves({"192.0.2.1"}).fails("192.0.2.1", EHOSTUNREACH, icmp(3, 13, "198.51.100.1"));
  const Case the_case{story.target, story.settings, story.evidence};
  const auto diagnosis = diagnose(the_case, judge(the_case));
  EXPECT_EQ(diagnosis->location.where, Where::path);
  EXPECT_EQ(diagnosis->location.precision, Precision::at);
  EXPECT_EQ(diagnosis->location.address, make_address("198.51.100.1"));
}

}  // namespace
}  // namespace fwprobe::checks
