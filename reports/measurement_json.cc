#include "reports/measurement_json.h"

#include <asio/error.hpp>
#include <asio/ssl/error.hpp>

#include "reports/escape.h"
#include "reports/packed.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using namespace probe;

/// What comes out of the packed bodies of one report, all together.
constexpr std::size_t one_body = HttpLimits{}.body;

const std::error_category* category_from(std::string_view name) {
  for (const auto* category : {&std::system_category(), &std::generic_category(),
                               &asio::error::get_system_category(), &asio::error::get_misc_category(),
                               &asio::error::get_netdb_category(), &asio::error::get_addrinfo_category(),
                               &asio::error::get_ssl_category(), &asio::ssl::error::get_stream_category()})
    if (category->name() == name) return category;
  return nullptr;
}

}  // namespace

// ---- parts that several kinds have
// Each `fields` is the one place that knows the JSON form of its struct, see archive.h.

template <typename Io>
void fields(Io& io, Of<Io, MplsLabel>& label) {
  io("label", label.label);
  io("exp", label.exp);
  io("bottom", label.bottom);
  io("ttl", label.ttl);
}

template <typename Io>
void fields(Io& io, Of<Io, IcmpError>& icmp) {
  io("family", icmp.family);
  io("type", icmp.type);
  io("code", icmp.code);
  io("sender", icmp.sender);
  io.added("mpls", icmp.mpls);
}

template <typename Io>
void fields(Io& io, Of<Io, std::error_code>& error) {
  io.shown("error", error_name(error));
  int code = error.value();
  std::string category = error.category().name();
  io("code", code);
  io("category", category);
  io.shown("message", error.message());
  if constexpr (!Io::writes) {
    if (const auto* known = category_from(category))
      error = {code, *known};
    else
      io.refuse("category", "is not a category of errors that is known here");
  }
}

template <typename Io>
void fields(Io& io, Of<Io, TransportFailure>& failure) {
  fields(io, failure.error);
  io("icmp", failure.icmp);
}

template <typename Io>
void fields(Io& io, Of<Io, HttpHeader>& header) {
  io("name", header.name);
  io("value", header.value);
}

/// The beginning of a body for people; all of it, packed, when that is not all or not a text.
template <typename Io>
void body(Io& io, Of<Io, std::string>& body) {
  if constexpr (Io::writes) {
    const auto excerpt = clipped(body, body_excerpt);
    const bool whole = excerpt.size() == body.size();
    io.shown("body", excerpt);
    io.shown("body_bytes", body.size());
    io.shown("body_truncated", !whole);
    if (!whole || !checks::is_valid_utf8(body)) io.shown("body_gzip", packed(body));
  } else {
    bool truncated = false;
    io("body_truncated", truncated);
    if (!io.has("body_gzip")) {
      if (truncated) io.refuse("body_gzip", "is missing: the beginning of a body is not enough to judge it");
      return io("body", body);
    }
    std::string text;
    io("body_gzip", text);
    auto& left = io.reading().unpacked_left();
    auto bytes = unpacked(text, std::min(one_body, left));
    if (!bytes) return io.refuse("body_gzip", "is not gzip in Base64, or more than a report may hold");
    left -= bytes->size();
    body = std::move(*bytes);
  }
}

template <typename Io>
void fields(Io& io, Of<Io, HttpResponse>& response) {
  io("status", response.status);
  io("reason", response.reason);
  io("version", response.version);
  io("headers", response.headers);
  body(io, response.body);
  io("wire_bytes", response.wire_bytes);
  io("reusable", response.reusable);
  if (!Io::writes || response.without_close_notify)
    io.added("without_close_notify", response.without_close_notify);
}

// ---- environment

template <typename Io>
void fields(Io& io, Of<Io, ResolverConfig>& resolver) {
  io("servers", resolver.servers);
  io("search", resolver.search);
  io("ndots", resolver.ndots);
}

template <typename Io>
void fields(Io& io, Of<Io, HostsEntry>& entry) {
  io("name", entry.name);
  io("addresses", entry.addresses);
  io("line", entry.line);
}

template <typename Io>
void fields(Io& io, Of<Io, Environment>& fact) {
  io("names", fact.question.names);
  io("host", fact.host);
  io("addresses", fact.addresses);
  io("ipv4_route", fact.ipv4_route);
  io("ipv6_route", fact.ipv6_route);
  io("resolver", fact.resolver);
  io("hosts_before_dns", fact.hosts_before_dns);
  io("hosts", fact.hosts);
}

// ---- dns

template <typename Io>
void fields(Io& io, Of<Io, DnsAlias>& alias) {
  io("from", alias.from);
  io("to", alias.to);
  io("ttl", alias.ttl);
}

template <typename Io>
void fields(Io& io, Of<Io, DnsAddress>& record) {
  io("address", record.address);
  io("ttl", record.ttl);
}

template <typename Io>
void fields(Io& io, Of<Io, DnsOther>& other) {
  io("status", other.status);
  io("addresses", other.addresses);
}

template <typename Io>
void fields(Io& io, Of<Io, DnsLookup>& fact) {
  io("name", fact.question.name);
  io("type", fact.question.type);
  io("resolver", fact.question.resolver);
  io("transport", fact.question.transport);
  io("status", fact.status);
  io("rcode", fact.rcode);
  io("aliases", fact.aliases);
  io("addresses", fact.addresses);
  io.added("names", fact.names);
  io("truncated_udp", fact.truncated_udp);
  io("attempts", fact.attempts);
  io("failure", fact.failure);
  io("detail", fact.detail);
  // Only a follow-up has these.
  if constexpr (Io::writes)
    if (fact.question.listen == DnsListen::first) return;
  io.added("listen", fact.question.listen);
  io.added("others", fact.others);
  io.added("strangers", fact.strangers);
}

// ---- tcp

template <typename Io>
void fields(Io& io, Of<Io, EarlyEnd>& end) {
  io("after_ms", end.after);
  io("reset", end.reset);
}

template <typename Io>
void fields(Io& io, Of<Io, TcpEnd>& progress) {
  io("unacknowledged", progress.unacknowledged);
  io("largest_received", progress.largest_received);
  io("path_mtu", progress.path_mtu);
  io("retransmits", progress.retransmits);
}

template <typename Io>
void fields(Io& io, Of<Io, TcpEstablished>& tcp) {
  io("local", tcp.local);
  io("rtt_ms", tcp.info.rtt);
  io("syn_retransmits", tcp.info.retransmits);
  io("path_mtu", tcp.info.path_mtu);
  io("segment_size", tcp.info.segment_size);
  io("early_end", tcp.early_end);
  io("greeting", tcp.greeting);
}

template <typename Io>
void fields(Io& io, Of<Io, ConnectFailure>& failure) {
  fields(io, static_cast<Of<Io, TransportFailure>&>(failure));
  io("syn_retransmits", failure.syn_retransmits);
  io("local", failure.local);
}

template <typename Io>
void fields(Io& io, Of<Io, TcpConnect>& fact) {
  io("remote", fact.question.remote);
  io("purpose", fact.question.purpose);
  io("attempt", fact.question.attempt);
  io("max_segment", fact.question.max_segment);
  io.result("established", fact.result);
}

// ---- proxy

template <typename Io>
void fields(Io& io, Of<Io, TunnelOpen>& open) {
  io("status", open.status);
}

template <typename Io>
void fields(Io& io, Of<Io, TunnelFailure>& failure) {
  io("transport", failure.transport);
  io("response", failure.response);
  io("auth_schemes", failure.auth_schemes);
  io("socks_reply", failure.socks_reply);
  io("socks_auth_failed", failure.socks_auth_failed);
  io("detail", failure.detail);
  io("first_bytes", failure.first_bytes);
}

template <typename Io>
void fields(Io& io, Of<Io, ProxyTunnel>& fact) {
  io("connection", fact.question.connection);
  io("proxy_kind", fact.question.kind);
  io("host", fact.question.host);
  io("port", fact.question.port);
  io("scheme", fact.question.scheme);
  io.result("open", fact.result);
}

// ---- tls

template <typename Io>
void fields(Io& io, Of<Io, Certificate>& certificate) {
  io("subject", certificate.subject);
  io("issuer", certificate.issuer);
  io("dns_names", certificate.dns_names);
  io("ip_names", certificate.ip_names);
  io("not_before", certificate.not_before);
  io("not_after", certificate.not_after);
  io("serial", certificate.serial);
  io("key_type", certificate.key_type);
  io("key_bits", certificate.key_bits);
  io("signature", certificate.signature);
  io("sha256", certificate.sha256);
  io("public_log", certificate.public_log);
  io("self_issued", certificate.self_issued);
  if constexpr (!Io::writes) {
    // Near enough to the time of any measurement that the difference fits into the clock's nanoseconds.
    using namespace std::chrono;
    constexpr sys_days oldest{1910y / 1 / 1};
    certificate.not_before = std::max<WallClock::time_point>(certificate.not_before, oldest);
    certificate.not_after = std::max<WallClock::time_point>(certificate.not_after, oldest);
  }
}

template <typename Io>
void fields(Io& io, Of<Io, VerifyError>& error) {
  io("code", error.code);
  io("text", error.text);
  io("depth", error.depth);
}

template <typename Io>
void fields(Io& io, Of<Io, TlsAlert>& alert) {
  io("code", alert.code);
  io("name", alert.name);
}

template <typename Io>
void fields(Io& io, Of<Io, TlsSession>& session) {
  io("version", session.version);
  io("cipher", session.cipher);
  io("group", session.group);
  io("alpn", session.alpn);
  io("client_certificate_requested", session.client_certificate_requested);
}

template <typename Io>
void fields(Io& io, Of<Io, TlsFailure>& failure) {
  io("transport", failure.transport);
  io("alert_received", failure.received);
  io("alert_sent", failure.sent);
  io("reason", failure.reason);
  io("first_bytes", failure.first_bytes);
  io("answered", failure.answered);
  io("server_hello", failure.server_hello);
  io("acknowledged", failure.acknowledged);
  io("tcp", failure.tcp);
}

template <typename Io>
void fields(Io& io, Of<Io, TlsHandshake>& fact) {
  io("connection", fact.question.connection);
  io("server_name", fact.question.server_name);
  io("verify", fact.question.verify);
  io("policy", fact.question.policy);
  io("alpn", fact.question.alpn);
  io("chain", fact.chain);
  io("verify_errors", fact.verify_errors);
  io("ocsp", fact.ocsp);
  io("ocsp_detail", fact.ocsp_detail);
  io("verified_path", fact.verified_path);
  io("trusted_roots", fact.trusted_roots);
  io("client_certificate_requested", fact.client_certificate_requested);
  io.result("session", fact.result);
}

// ---- path

template <typename Io>
void fields(Io& io, Of<Io, TlsQuestion>& hello) {
  io("server_name", hello.server_name);
  io("verify", hello.verify);
  io("policy", hello.policy);
  io("alpn", hello.alpn);
}

template <typename Io>
void fields(Io& io, Of<Io, PathStep>& step) {
  io("lifetime", step.lifetime);
  io("answer", step.answer);
  io("icmp", step.icmp);
  io("failure", step.failure);
  io("after_ms", step.after);
}

template <typename Io>
void fields(Io& io, Of<Io, PathTrace>& fact) {
  io("remote", fact.question.remote);
  io("flow", fact.question.flow);
  io("hops", fact.question.hops);
  io("hello", fact.question.hello);
  io("steps", fact.steps);
}

// ---- http

template <typename Io>
void fields(Io& io, Of<Io, HttpFailure>& failure) {
  io("kind", failure.kind);
  io("transport", failure.transport);
  io("detail", failure.detail);
  io("tcp", failure.tcp);
  io("received", failure.received);
  io("first_bytes", failure.first_bytes);
  io("partial", failure.partial);
}

template <typename Io>
void fields(Io& io, Of<Io, HttpQuestion>& question) {
  io("method", question.request.method);
  io("url", question.request.url);
  io("url_had_userinfo", question.request.url.has_userinfo);
  io("headers", question.request.headers);
  io("credential", question.request.credential);
  io("form", question.form);
}

template <typename Io>
void fields(Io& io, Of<Io, HttpExchange>& fact) {
  io("connection", fact.question.connection);
  io("request", fact.question);
  io("first_byte_ms", fact.first_byte);
  io.result("response", fact.result);
}

// ---- trials

template <typename Io>
void fields(Io& io, Of<Io, Delivery>& delivery) {
  io("sent", delivery.sent);
  io("acknowledged", delivery.acknowledged);
  io("retransmits", delivery.retransmits);
  io("quiet_ms", delivery.quiet);
}

template <typename Io>
void fields(Io& io, Of<Io, TrialQuestion>& question) {
  io("method", question.request.method);
  io("url", question.request.url);
  io("headers", question.request.headers);
  io("body_bytes", question.request.zeros);
  io("form", question.form);
}

template <typename Io>
void fields(Io& io, Of<Io, HttpTrial>& fact) {
  io("connection", fact.question.connection);
  io("purpose", fact.question.purpose);
  io("turn", fact.question.turn);
  io("request", fact.question);
  io("first_byte_ms", fact.first_byte);
  io("delivery", fact.delivery);
  io.result("response", fact.result);
}

template <typename Io>
void fields(Io& io, Of<Io, KeepAlive>& probed) {
  io("answered", probed.answered);
  io("failure", probed.failure);
  io("unanswered", probed.unanswered);
  io("after_ms", probed.after);
}

template <typename Io>
void fields(Io& io, Of<Io, IdleWatch>& fact) {
  io("connection", fact.question.connection);
  io("silence_ms", fact.question.silence);
  io("use", fact.question.use);
  io("kept_ms", fact.kept);
  io("ended", fact.ended);
  io("received", fact.received);
  io("probed", fact.probed);
}

// ---- ssh

template <typename Io>
void fields(Io& io, Of<Io, SshIdentification>& id) {
  io("protocol", id.protocol);
  io("software", id.software);
  io("comments", id.comments);
}

template <typename Io>
void fields(Io& io, Of<Io, SshFailure>& failure) {
  io("transport", failure.transport);
  io("first_bytes", failure.first_bytes);
}

template <typename Io>
void fields(Io& io, Of<Io, SshOffer>& offer) {
  io("key_exchange", offer.key_exchange);
  io("host_key", offer.host_key);
  io("ciphers_to_server", offer.ciphers_to_server);
  io("ciphers_to_client", offer.ciphers_to_client);
  io("macs_to_server", offer.macs_to_server);
  io("macs_to_client", offer.macs_to_client);
}

template <typename Io>
void fields(Io& io, Of<Io, SshHostKey>& key) {
  io("type", key.type);
  io("bits", key.bits);
  io("fingerprint", key.fingerprint);
}

template <typename Io>
void fields(Io& io, Of<Io, SshKeyFailure>& failure) {
  io("transport", failure.transport);
  io("reason", failure.reason);
  io("ours", failure.ours);
}

template <typename Io>
void fields(Io& io, Of<Io, SshBanner>& fact) {
  io("connection", fact.question.connection);
  io("host_key_type", fact.question.host_key_type);
  io.result("identification", fact.result);
  io("offer", fact.offer);
  io("host_key", fact.host_key);
  io("key_failure", fact.key_failure);
}

// ---- every kind

namespace {

/// The name of a kind.
template <typename Fact>
constexpr std::string_view kind = {};
template <>
constexpr std::string_view kind<Environment> = "environment";
template <>
constexpr std::string_view kind<DnsLookup> = "dns";
template <>
constexpr std::string_view kind<TcpConnect> = "tcp";
template <>
constexpr std::string_view kind<PathTrace> = "path";
template <>
constexpr std::string_view kind<ProxyTunnel> = "proxy";
template <>
constexpr std::string_view kind<TlsHandshake> = "tls";
template <>
constexpr std::string_view kind<HttpExchange> = "http";
template <>
constexpr std::string_view kind<SshBanner> = "ssh";
template <>
constexpr std::string_view kind<HttpTrial> = "trial";
template <>
constexpr std::string_view kind<IdleWatch> = "idle";

std::string endpoint_under(const checks::Evidence& evidence, MeasurementId id) {
  const auto* tcp = checks::underlying_connection(evidence, id);
  if (!tcp) return id_text(id);
  return endpoint_text(tcp->question.remote.address(), tcp->question.remote.port());
}

struct SubjectOf {
  const checks::Evidence& evidence;
  std::string operator()(const Environment& fact) const { return fact.host; }
  std::string operator()(const DnsLookup& fact) const { return fact.question.name; }
  std::string operator()(const TcpConnect& fact) const {
    return endpoint_text(fact.question.remote.address(), fact.question.remote.port());
  }
  std::string operator()(const PathTrace& fact) const {
    return endpoint_text(fact.question.remote.address(), fact.question.remote.port());
  }
  std::string operator()(const ProxyTunnel& fact) const {
    const auto& host = fact.question.host;
    if (host.address) return endpoint_text(*host.address, fact.question.port);
    return host.name + ":" + std::to_string(fact.question.port);
  }
  std::string operator()(const TlsHandshake& fact) const {
    const auto& question = fact.question;
    return question.server_name.empty() ? question.verify.name : question.server_name;
  }
  std::string operator()(const HttpExchange& fact) const { return fact.question.request.url.text(); }
  std::string operator()(const HttpTrial& fact) const { return fact.question.request.url.text(); }
  std::string operator()(const IdleWatch& fact) const {
    return endpoint_under(evidence, fact.question.connection);
  }
  std::string operator()(const SshBanner& fact) const {
    return endpoint_under(evidence, fact.question.connection);
  }
};

/// Reads the fact whose kind has this name into `to`; false when there is none.
template <std::size_t... Index>
bool read_fact(Reader& io, std::string_view name, Fact& to, std::index_sequence<Index...>) {
  const auto read_as = [&]<typename Kind>(std::type_identity<Kind>) {
    if (kind<Kind> != name) return false;
    fields(io, to.emplace<Kind>());
    return true;
  };
  return (read_as(std::type_identity<std::variant_alternative_t<Index, Fact>>{}) || ...);
}

/// Everything around the fact.
template <typename Io>
void frame(Io& io, Of<Io, Measurement>& measurement) {
  io("started", measurement.time.started);
  io("duration_ms", measurement.time.elapsed);
  if constexpr (!Io::writes) require_plausible(io, "started", measurement.time.started);
  // Only follow-ups have a reason, and reports of before have none.
  if constexpr (Io::writes) {
    if (!measurement.because.empty()) io("because", measurement.because);
  } else if (io.has("because")) {
    io("because", measurement.because);
  }
}

}  // namespace

std::string_view kind_name(const Fact& fact) {
  return std::visit([]<typename Kind>(const Kind&) { return kind<Kind>; }, fact);
}

std::string subject_of(const Measurement& measurement, const checks::Evidence& evidence) {
  return std::visit(SubjectOf{evidence}, measurement.fact);
}

Json to_json(const Measurement& measurement, const checks::Evidence& evidence) {
  auto json = Json::object();
  Writer io{json};
  io("id", measurement.id);
  io.shown("kind", kind_name(measurement.fact));
  io.shown("subject", subject_of(measurement, evidence));
  frame(io, measurement);
  std::visit([&](const auto& fact) { fields(io, fact); }, measurement.fact);
  return json;
}

void require_plausible(Reader& io, const char* key, WallClock::time_point time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  if (day < sys_days{1970y / 1 / 1} || day >= sys_days{2200y / 1 / 1})
    io.refuse(key, "is not between the years 1970 and 2200");
}

void fields(Reader& io, Measurement& measurement) {
  std::string kind_name;
  io("id", measurement.id);
  io("kind", kind_name);
  frame(io, measurement);
  if (io.reading().failed()) return;
  if (!measurement.id) return io.refuse("id", "a measurement has an id, such as \"m4\"");
  if (!read_fact(io, kind_name, measurement.fact, std::make_index_sequence<std::variant_size_v<Fact>>{}))
    io.refuse("kind", "is not a kind of measurement that this version knows");
}

}  // namespace fwprobe::reports
