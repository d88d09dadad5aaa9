#pragma once
// A report with a target of each verdict and a measurement of each kind, succeeded and failed.

#include <cerrno>

#include <asio/error.hpp>

#include "reports/report.h"

namespace fwprobe::tests {

using namespace std::chrono_literals;
using asio::ip::make_address;
using checks::Cause;
using checks::Check;
using checks::Finding;
using checks::Status;

inline const probe::WallClock::time_point day =
    std::chrono::sys_days{std::chrono::year{2026} / 1 / 31} + 9h + 30min + 123ms;

inline checks::Investigation target(checks::Scheme scheme, std::string host, std::uint16_t port) {
  checks::Investigation investigation;
  auto& target = investigation.target;
  target.scheme = scheme;
  target.host.name = std::move(host);
  target.port = port;
  if (checks::is_http(scheme)) {
    target.url.scheme = checks::name(scheme);
    target.url.host = target.host;
    target.url.port = port;
    target.url.path = "/";
  }
  return investigation;
}

inline void measure(checks::Investigation& investigation, probe::Clock::duration elapsed, probe::Fact fact,
                    std::string because = {}) {
  const auto id = static_cast<std::uint32_t>(investigation.evidence.measurements().size() + 1);
  investigation.evidence.add({{id}, {day + id * 10ms, elapsed}, std::move(fact), std::move(because)});
}

inline std::vector<probe::MeasurementId> ids(std::initializer_list<std::uint32_t> numbers) {
  std::vector<probe::MeasurementId> all;
  for (const auto number : numbers) all.push_back({number});
  return all;
}

inline Finding finding(Check check, std::string subject, Status status, std::string summary,
                       std::initializer_list<std::uint32_t> evidence = {}, std::optional<Cause> cause = {}) {
  Finding finding;
  finding.check = check;
  finding.subject = std::move(subject);
  finding.status = status;
  finding.cause = cause;
  finding.summary = std::move(summary);
  finding.evidence = ids(evidence);
  if (cause)
    finding.remedy = {"A first step.",
                      "A second step that is so long that it has to be wrapped on a terminal."};
  return finding;
}

inline probe::Environment environment() {
  probe::Environment fact;
  fact.question.names = {"azure.example.com"};
  fact.host = "build-7";
  fact.addresses = {make_address("10.1.2.3"), make_address("2001:db8::3")};
  fact.ipv4_route = true;
  fact.resolver.servers = {{make_address("10.1.2.1"), 53}};
  fact.resolver.search = {"example.com"};
  fact.hosts = {{"azure.example.com", {make_address("10.0.0.7")}, 3}};
  return fact;
}

inline probe::DnsLookup lookup(std::string name, std::vector<const char*> addresses) {
  probe::DnsLookup fact;
  fact.question = {
      std::move(name), probe::DnsType::a, {make_address("10.1.2.1"), 53}, probe::DnsTransport::udp};
  fact.status = addresses.empty() ? probe::DnsStatus::nxdomain : probe::DnsStatus::answered;
  fact.rcode = addresses.empty() ? 3 : 0;
  fact.aliases = {{fact.question.name, "edge.example.net", 60s}};
  for (const auto* address : addresses) fact.addresses.push_back({make_address(address), 300s});
  return fact;
}

inline probe::DnsLookup hop_name(const char* address, std::string name) {
  probe::DnsLookup fact;
  fact.question = {probe::reverse_name(make_address(address)),
                   probe::DnsType::ptr,
                   {make_address("10.1.2.1"), 53},
                   probe::DnsTransport::udp};
  fact.status = probe::DnsStatus::answered;
  fact.rcode = 0;
  fact.names = {std::move(name)};
  return fact;
}

inline probe::TcpConnect connected(const char* address, std::uint16_t port) {
  return {{{make_address(address), port}},
          probe::TcpEstablished{{make_address("10.1.2.3"), 40000}, {31250us, 1, 1500, 1460}, {}, {}}};
}

inline probe::TcpConnect rejected(const char* address, std::uint16_t port) {
  probe::ConnectFailure failure;
  failure.error = {EHOSTUNREACH, std::system_category()};
  failure.icmp = probe::IcmpError{probe::IcmpError::Family::icmp, 3, 13, make_address("198.51.100.1")};
  failure.syn_retransmits = 2;
  return {{{make_address(address), port}}, std::unexpected{failure}};
}

inline probe::TransportFailure transport(std::error_code error) { return {error, std::nullopt}; }

inline probe::TlsHandshake handshake(std::uint32_t connection) {
  probe::TlsHandshake fact;
  fact.question = {
      {connection}, "azure.example.com", {"azure.example.com", {}}, probe::TlsPolicy::standard, {"http/1.1"}};
  probe::Certificate leaf;
  leaf.subject = "CN=azure.example.com";
  leaf.issuer = "CN=Example CA";
  leaf.dns_names = {"azure.example.com", "*.example.net"};
  leaf.ip_names = {make_address("203.0.113.9")};
  leaf.not_before = day - 24h * 30;
  leaf.not_after = day + 24h * 60;
  leaf.serial = "0a1b";
  leaf.key_type = "EC P-256";
  leaf.key_bits = 256;
  leaf.signature = "ecdsa-with-SHA256";
  leaf.sha256 = std::string(64, 'a');
  fact.chain = {leaf};
  fact.ocsp = probe::OcspStatus::good;
  fact.verified_path = {"CN=azure.example.com", "CN=Example CA"};
  fact.trusted_roots = "/etc/ssl/certs";
  fact.client_certificate_requested = true;
  fact.result = probe::TlsSession{"TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519", "http/1.1", true};
  return fact;
}

inline probe::TlsHandshake refused_handshake(std::uint32_t connection) {
  auto fact = handshake(connection);
  fact.verify_errors = {{18, "self-signed certificate", 0}};
  probe::TlsFailure failure;
  failure.transport = transport({ECONNRESET, std::system_category()});
  failure.received = probe::TlsAlert{40, "handshake_failure"};
  failure.sent = probe::TlsAlert{70, "protocol_version"};
  failure.reason = "sslv3 alert handshake failure";
  failure.first_bytes = "HTTP/1.1 400";
  failure.answered = true;
  failure.acknowledged = true;
  failure.tcp = probe::TcpEnd{517, 536, 1500, 3};
  fact.result = std::unexpected{failure};
  return fact;
}

inline probe::HttpResponse response(std::uint16_t status, std::string body) {
  probe::HttpResponse response;
  response.status = status;
  response.reason = status == 200 ? "OK" : "Proxy Authentication Required";
  response.version = "1.1";
  response.headers = {{"Content-Type", "application/json"}, {"Set-Cookie", "***"}};
  response.wire_bytes = body.size();
  response.body = std::move(body);
  response.reusable = true;
  return response;
}

inline probe::HttpExchange exchange(std::uint32_t connection, std::string body) {
  probe::HttpExchange fact;
  fact.question.connection = {connection};
  fact.question.request.url = {"https",          false, {"azure.example.com", {}}, 443, "/c/_apis/projects",
                               "api-version=5.0"};
  fact.question.request.headers = {{"Accept", "application/json"}};
  fact.question.request.credential = probe::Credential::token;
  fact.first_byte = 12345678ns;
  fact.result = response(200, std::move(body));
  return fact;
}

inline probe::HttpExchange cut_exchange(std::uint32_t connection) {
  auto fact = exchange(connection, {});
  fact.first_byte.reset();
  probe::HttpFailure failure;
  failure.transport = transport(asio::error::eof);
  failure.detail = "the body is shorter than announced";
  failure.tcp = probe::TcpEnd{0, 1448, 1500, 1};
  failure.received = 120;
  failure.first_bytes = "HTTP/1.1 200 OK";
  failure.partial = response(200, {});
  fact.result = std::unexpected{failure};
  return fact;
}

inline probe::ProxyTunnel tunnel(std::uint32_t connection) {
  probe::ProxyTunnel fact;
  fact.question = {{connection}, probe::ProxyKind::http, {"azure.example.com", {}}, 443, "https"};
  fact.result = probe::TunnelOpen{200};
  return fact;
}

inline probe::ProxyTunnel refused_tunnel(std::uint32_t connection) {
  auto fact = tunnel(connection);
  probe::TunnelFailure failure;
  failure.response = response(407, "denied");
  failure.auth_schemes = {"Negotiate", "NTLM"};
  failure.socks_reply = 2;
  failure.detail = "a proxy that says both is none";
  fact.result = std::unexpected{failure};
  return fact;
}

inline probe::SshOffer ssh_offer() {
  return {{"curve25519-sha256", "kex-strict-s-v00@openssh.com"},
          {"rsa-sha2-512", "ssh-ed25519"},
          {"aes128-ctr"},
          {"aes256-ctr"},
          {"hmac-sha2-256"},
          {"hmac-sha2-512"}};
}

inline probe::SshBanner banner(std::uint32_t connection) {
  probe::SshBanner fact{{{connection}, {}}, probe::SshIdentification{"2.0", "OpenSSH_9.2p1", "Debian"}};
  fact.offer = ssh_offer();
  fact.host_key = {"ssh-ed25519", 256, "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"};
  return fact;
}

inline probe::SshBanner no_host_key(std::uint32_t connection) {
  probe::SshBanner fact{{{connection}, "ssh-rsa"}, probe::SshIdentification{"2.0", "old", ""}};
  fact.offer = ssh_offer();
  fact.offer->key_exchange = {"diffie-hellman-group1-sha1"};
  fact.key_failure =
      probe::SshKeyFailure{transport(asio::error::timed_out), "nothing in common", ssh_offer()};
  return fact;
}

inline probe::SshBanner no_banner(std::uint32_t connection) {
  return {{{connection}, {}},
          std::unexpected{probe::SshFailure{transport(asio::error::timed_out), "220 mail"}}};
}

/// Every kind of step, and silence that is one line in a text.
inline probe::PathTrace path(const char* address, std::uint16_t port, probe::PathFlow flow) {
  using probe::StepAnswer;
  const probe::IcmpError expired{probe::IcmpError::Family::icmp,
                                 11,
                                 0,
                                 asio::ip::make_address("198.51.100.1"),
                                 {{100, 0, false, 1}, {24001, 5, true, 254}}};
  const probe::IcmpError rejected{probe::IcmpError::Family::icmp, 3, 13,
                                  asio::ip::make_address("203.0.113.1")};
  probe::PathTrace trace{{{asio::ip::make_address(address), port}, flow, 9, {}},
                         {{1, StepAnswer::expired, expired, {}, 400us},
                          {2, StepAnswer::unreachable, rejected, {}, 500us},
                          {3, StepAnswer::silence, {}, {}, {}},
                          {4, StepAnswer::silence, {}, {}, {}},
                          {5, StepAnswer::accepted, {}, {}, 1ms},
                          {6, StepAnswer::reset, {}, {}, 2ms},
                          {7, StepAnswer::closed, {}, {}, 3ms},
                          {8, StepAnswer::not_sent, {}, transport({EPERM, std::system_category()}), {}}}};
  if (flow == probe::PathFlow::client_hello)
    trace.question.hello = probe::TlsQuestion{
        {}, "www.example.com", {"azure.example.com", {}}, probe::TlsPolicy::comparison, {"http/1.1"}};
  return trace;
}

inline checks::Investigation filtered_target() {
  auto failed = target(checks::Scheme::https, "azure.example.com", 443);
  measure(failed, 300us, environment());
  measure(failed, 2100us, lookup("azure.example.com", {"203.0.113.9"}));
  measure(failed, 31ms, rejected("203.0.113.9", 443));
  measure(failed, 320ms, path("203.0.113.9", 443, probe::PathFlow::syn),
          "198.51.100.1 says that it is not reachable: at which hop is that?");
  measure(failed, 330ms, path("203.0.113.9", 443, probe::PathFlow::client_hello),
          "nothing came back on the ClientHello: which hop is the last that sees it?");
  measure(failed, 340ms, path("203.0.113.9", 33434, probe::PathFlow::udp));
  measure(failed, 12ms, hop_name("198.51.100.1", "r1.example.net"));
  failed.findings = {
      finding(Check::dns, "azure.example.com", Status::pass, "azure.example.com is 203.0.113.9", {2}),
      finding(Check::tcp, "203.0.113.9:443", Status::fail,
              "198.51.100.1 rejects connections to 203.0.113.9 port 443 (ICMP type 3 code 13)", {3},
              Cause::tcp_rejected),
      finding(Check::tls, "azure.example.com", Status::skip, "there is no connection"),
      finding(Check::http, "https://azure.example.com/", Status::skip, "there is no connection"),
  };
  failed.status = Status::fail;
  checks::Diagnosis diagnosis;
  diagnosis.cause = Cause::tcp_rejected;
  diagnosis.title = "A device on the path rejects the connection";
  diagnosis.explanation =
      "The router or firewall 198.51.100.1 answered the SYN with ICMP type 3 code 13, administratively "
      "prohibited.";
  diagnosis.location = {checks::Where::path, 2, make_address("198.51.100.1"), checks::Precision::at,
                        make_address("203.0.113.1")};
  diagnosis.confidence = checks::Confidence::high;
  diagnosis.responsible = checks::Responsible::network;
  diagnosis.remedy = {"On 198.51.100.1, allow TCP from 10.1.2.3 to 203.0.113.9 port 443.",
                      "Then run fwprobe again: the row above must be whole."};
  diagnosis.evidence = ids({2, 3, 4});
  checks::Flow flow;
  flow.sources = {{make_address("10.1.2.3"), 32}};
  flow.destinations = {{make_address("203.0.113.9"), 32}};
  flow.port = 443;
  flow.device = "hop 2 (198.51.100.1)";
  diagnosis.flow = flow;
  failed.diagnosis = diagnosis;
  return failed;
}

inline checks::Investigation healthy_target() {
  auto passed = target(checks::Scheme::https, "ok.example.com", 8443);
  measure(passed, 300us, environment());
  measure(passed, 1ms, lookup("ok.example.com", {"203.0.113.10"}));
  measure(passed, 31ms, connected("203.0.113.10", 8443));
  measure(passed, 5ms, tunnel(3));
  measure(passed, 64ms, handshake(4));
  auto counted = exchange(5, R"({"count":1})");
  counted.result->reusable = false;
  counted.result->without_close_notify = true;
  measure(passed, 1500ms, std::move(counted));
  passed.findings = {
      finding(Check::dns, "ok.example.com", Status::pass, "ok.example.com is 203.0.113.10", {2}),
      finding(Check::tcp, "203.0.113.10:8443", Status::pass, "connected in 31 ms", {3}),
      finding(Check::proxy, "proxy.example.com:3128", Status::pass,
              "through proxy.example.com:3128 (HTTPS_PROXY is set)", {4}),
      finding(Check::tls, "ok.example.com", Status::pass, "TLSv1.3, certificate verified", {5}),
      finding(Check::http, "https://ok.example.com:8443/", Status::pass, "200 OK", {6}),
      finding(Check::allowlist, "appcircle", Status::skip,
              "Appcircle: egress address unknown: give --egress"),
  };
  passed.status = Status::pass;
  return passed;
}

inline probe::HttpTrial trial(std::uint32_t connection) {
  probe::HttpTrial made;
  made.question.connection = {connection};
  made.question.request.method = "POST";
  made.question.request.url = *probe::parse_url("https://azure.example.com/");
  made.question.request.headers = {{"Content-Type", "application/octet-stream"}};
  made.question.request.zeros = 65536;
  made.question.purpose = probe::TrialPurpose::upload;
  made.question.turn = 2;
  made.first_byte = 3ms;
  made.delivery = {65536, 32768, 4, 1500ms};
  probe::HttpFailure failure;
  failure.transport = transport(asio::error::timed_out);
  made.result = std::unexpected{failure};
  return made;
}

inline probe::IdleWatch watched(std::uint32_t connection) {
  probe::IdleWatch made;
  made.question = {{connection}, 90s, probe::IdleUse::keep_alive};
  made.kept = 90s;
  made.received = 3;
  made.probed = probe::KeepAlive{false, transport(asio::error::connection_reset), 2, 1500ms};
  return made;
}

inline probe::IdleWatch ended_watch(std::uint32_t connection) {
  probe::IdleWatch made;
  made.question = {{connection}, 90s, probe::IdleUse::hand_on};
  made.kept = 60s;
  made.ended = transport(asio::error::eof);
  return made;
}

/// No setting as it is when nothing is given.
inline checks::Settings settings() {
  checks::Settings settings;
  settings.profile = checks::Profile::azure_devops_server;
  settings.dns_servers = {{make_address("10.1.2.1"), 53}};
  settings.overrides = {{"azure.example.com", {make_address("203.0.113.9"), make_address("2001:db8::9")}}};
  settings.family = checks::Family::ipv4;
  settings.name_scope = checks::NameScope::expect_private;
  settings.expected_addresses = {{make_address("203.0.113.0"), 24}};
  settings.source = {make_address("10.1.2.3"), "eth0"};
  settings.attempts = 3;
  settings.ssh_fingerprints = {"SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"};
  settings.tls = {"/etc/ca.pem", "/etc/client.pem", "/etc/client.key"};
  settings.server_name = "sni.example.com";
  settings.proxy_source = {
      checks::ProxySource::Kind::environment,
      {},
      {{"HTTPS_PROXY", "http://***@proxy.example.com:3128"}, {"NO_PROXY", "*.example.net"}}};
  settings.proxies = *checks::proxy_rules(settings.proxy_source);
  settings.headers = {{"X-Api-Key", "sekret"}};
  settings.expected_status = {{200, 204}};
  settings.collection = "tfs/DefaultCollection";
  settings.token.emplace("sekret");
  settings.egress = {make_address("203.0.113.77")};
  settings.timeout = 1500ms;
  settings.deadline = 20s;
  settings.idle = 90s;
  settings.upload = 65536;
  settings.methods = true;
  settings.expiry_warning = std::chrono::days{30};
  settings.site = "dmz";

  using std::chrono::year;
  allowlist::Allowlist list{"appcircle",
                            "Appcircle",
                            "Appcircle Inc.",
                            "https://docs.example.com/",
                            year{2026} / 1 / 2,
                            allowlist::Direction::outbound,
                            std::chrono::days{90},
                            {},
                            {}};
  allowlist::Entry prefix;
  prefix.what = allowlist::Prefix{make_address("203.0.113.0"), 24};
  prefix.published = "203.0.113.2/24";
  prefix.host_bits = true;
  prefix.ports = {{443, 443}, {8000, 8100}};
  prefix.purpose = "builds";
  prefix.since = year{2025} / 1 / 1;
  prefix.until = year{2027} / 1 / 1;
  prefix.line = 7;
  allowlist::Entry domain;
  domain.what = allowlist::Domain{"example.com", true};
  domain.published = "*.example.com";
  domain.protocol = allowlist::Protocol::udp;
  domain.addresses = allowlist::NameAddresses::any;
  list.entries = {prefix, domain};
  settings.allowlists = {list};
  return settings;
}

/// Everything that can fail, measured once.
inline checks::Investigation troubled_target() {
  auto warned = target(checks::Scheme::ssh, "2001:db8::5", 22);
  warned.target.host.address = make_address("2001:db8::5");
  measure(warned, 1s, rejected("2001:db8::5", 22));
  auto ended = connected("2001:db8::5", 22);
  ended.question.purpose = probe::TcpPurpose::listen;
  ended.result->early_end = probe::EarlyEnd{20ms, true};
  ended.result->greeting = "220 mail\r\n";
  measure(warned, 20ms, ended);
  measure(warned, 5ms, refused_tunnel(2));
  measure(warned, 5ms, refused_handshake(2));
  measure(warned, 5ms, cut_exchange(2));
  measure(warned, 5ms, banner(2));
  measure(warned, 5s, no_banner(2));
  measure(warned, 5s, no_host_key(2));
  auto lookup_failed = lookup("gone.example.com", {});
  lookup_failed.truncated_udp = true;
  lookup_failed.failure = transport({ECONNREFUSED, std::system_category()});
  lookup_failed.detail = "the answer is for another question";
  measure(warned, 5ms, lookup_failed);
  measure(warned, 2s, trial(2));
  measure(warned, 92s, watched(2));
  measure(warned, 60s, ended_watch(2));
  auto clamped = connected("2001:db8::5", 22);
  clamped.question.purpose = probe::TcpPurpose::compare;
  clamped.question.max_segment = 1220;
  measure(warned, 20ms, clamped);
  warned.findings = {
      finding(Check::tcp, "[2001:db8::5]:22", Status::pass, "connected in 20 ms", {2}),
      finding(Check::ssh, "[2001:db8::5]:22", Status::warn, "the banner came late", {6},
              Cause::ssh_banner_timeout),
      finding(Check::allowlist, "77.92.124.2/27", Status::warn, "77.92.124.2/27 has host bits set", {},
              Cause::allowlist_not_canonical),
  };
  warned.status = Status::warn;
  checks::Diagnosis diagnosis;
  diagnosis.cause = Cause::ssh_banner_timeout;
  diagnosis.title = "The SSH server is slow";
  diagnosis.explanation = "It works, but someone should look.";
  diagnosis.remedy = {"Look at the server's load."};
  diagnosis.evidence = ids({6, 7});
  warned.diagnosis = diagnosis;
  return warned;
}

inline reports::Report sample_report() {
  reports::Report report;
  report.run_id = "7f8b1c8e-0000-4000-8000-000000000000";
  report.started = day;
  report.finished = day + 2500ms;
  report.vantage = {"build-7", "dmz", {make_address("10.1.2.3")}, {make_address("203.0.113.77")}};
  report.targets = {filtered_target(), healthy_target(), troubled_target()};
  const auto shared = std::make_shared<const checks::Settings>(settings());
  for (auto& one : report.targets) one.settings = shared;
  return report;
}

}  // namespace fwprobe::tests
