#include "reports/measurement_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "reports/escape.h"
#include "reports/measurement_json.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using namespace probe;

constexpr std::size_t short_text = 120;
constexpr std::size_t most_names = 8;

std::string shown(std::string_view text) { return printable(text, short_text); }

/// "a, b, c and 4 more"
template <typename Range, typename Convert>
std::string listed(const Range& range, Convert convert) {
  std::string text;
  std::size_t count = 0;
  for (const auto& element : range)
    if (count++ < most_names) text += (text.empty() ? "" : ", ") + convert(element);
  if (count > most_names) text += fmt::format(" and {} more", count - most_names);
  return text;
}

std::string icmp_text(const IcmpError& icmp) {
  return fmt::format("{} type {} code {} from {}", icmp.family == IcmpError::Family::icmp ? "ICMP" : "ICMPv6",
                     icmp.type, icmp.code, icmp.sender.to_string());
}

std::string transport_text(const TransportFailure& failure) {
  const auto message = failure.error.message();
  auto text = fmt::format("{} ({})", shown(message), error_name(failure.error));
  if (failure.icmp) text += ", " + icmp_text(*failure.icmp);
  return text;
}

std::string connection_text(const checks::Evidence& evidence, MeasurementId id) {
  const auto* tcp = checks::underlying_connection(evidence, id);
  if (!tcp) return id ? " over " + id_text(id) : "";
  return " over " + endpoint_text(tcp->question.remote.address(), tcp->question.remote.port());
}

class Describer {
 public:
  explicit Describer(const checks::Evidence& evidence) : evidence_{evidence} {}
  std::vector<std::string> take() && { return std::move(lines_); }

  void operator()(const Environment& fact) {
    const auto address = [](const auto& a) { return a.to_string(); };
    add("this machine is {}", shown(fact.host));
    if (!fact.addresses.empty()) add("addresses {}", listed(fact.addresses, address));
    add("IPv4 route: {}, IPv6 route: {}", fact.ipv4_route ? "yes" : "no", fact.ipv6_route ? "yes" : "no");
    add("resolvers {}", listed(fact.resolver.servers, [](const auto& server) {
          return endpoint_text(server.address(), server.port());
        }));
    for (const auto& entry : fact.hosts)
      add("hosts file, line {}: {} is {}", entry.line, shown(entry.name), listed(entry.addresses, address));
  }

  void operator()(const DnsLookup& fact) {
    const auto& question = fact.question;
    add("{} {} asked of {}{}: {}", shown(question.name), name(question.type),
        endpoint_text(question.resolver.address(), question.resolver.port()),
        question.transport == DnsTransport::tcp ? " over TCP" : "", outcome(fact));
    for (const auto& alias : fact.aliases)
      add("{} is an alias of {} (TTL {} s)", shown(alias.from), shown(alias.to), alias.ttl.count());
    if (fact.truncated_udp) add("the answer over UDP was truncated; asked again over TCP");
    if (fact.failure) add("{}", transport_text(*fact.failure));
    if (!fact.detail.empty()) add("{}", shown(fact.detail));
  }

  void operator()(const TcpConnect& fact) {
    const auto remote = endpoint_text(fact.question.remote.address(), fact.question.remote.port());
    if (!fact.result) {
      const auto& failure = fact.result.error();
      add("connection to {}: {}", remote, transport_text(failure));
      if (failure.local) add("refused by this machine before a packet was sent");
      if (failure.syn_retransmits > 0) add("the SYN was sent {} times", failure.syn_retransmits + 1);
      return;
    }
    const auto& tcp = *fact.result;
    add("connection to {}: established, round trip {}", remote, duration_text(tcp.info.rtt));
    add("from {}, path MTU {}, segments of {} bytes", endpoint_text(tcp.local.address(), tcp.local.port()),
        tcp.info.path_mtu, tcp.info.segment_size);
    if (tcp.info.retransmits > 0) add("the SYN was sent {} times", tcp.info.retransmits + 1);
    if (tcp.early_end)
      add("{} by the peer after {}, before anything was said", tcp.early_end->reset ? "reset" : "closed",
          duration_text(tcp.early_end->after));
    if (!tcp.greeting.empty()) add("the peer said: {}", shown(tcp.greeting));
  }

  void operator()(const PathTrace& fact) {
    const auto& question = fact.question;
    const auto remote = endpoint_text(question.remote.address(), question.remote.port());
    switch (question.flow) {
      case PathFlow::syn:
        add("path of SYNs to {}", remote);
        break;
      case PathFlow::udp:
        add("path of datagrams to {}", remote);
        break;
      case PathFlow::client_hello:
        add("path of the ClientHello {} to {}",
            question.hello && !question.hello->server_name.empty()
                ? "as " + shown(question.hello->server_name)
                : "without a server name",
            remote);
        break;
    }
    for (auto step = fact.steps.begin(); step != fact.steps.end();) {
      // A run of silence is one line.
      const auto next = std::find_if(step, fact.steps.end(),
                                     [](const auto& other) { return other.answer != StepAnswer::silence; });
      if (next - step > 1)
        add("hops {} to {}: no answer", step->lifetime, std::prev(next)->lifetime);
      else
        add("hop {}: {}", step->lifetime, answer_text(*step));
      step = next == step ? std::next(step) : next;
    }
  }

  void operator()(const ProxyTunnel& fact) {
    const auto& question = fact.question;
    const auto asked = fmt::format("tunnel to {}:{} through the {} proxy{}", shown(question.host.name),
                                   question.port, question.kind == ProxyKind::http ? "HTTP" : "SOCKS5",
                                   connection_text(evidence_, question.connection));
    if (fact.result) return add("{}: open", asked);
    const auto& failure = fact.result.error();
    add("{}: refused", asked);
    if (failure.transport) add("{}", transport_text(*failure.transport));
    if (failure.response) add("{}", status_line(*failure.response));
    if (!failure.auth_schemes.empty())
      add("authentication offered: {}", listed(failure.auth_schemes, [](const auto& s) { return shown(s); }));
    if (failure.socks_reply) add("SOCKS5 reply {}", *failure.socks_reply);
    if (failure.socks_auth_failed) add("the proxy accepted none of our ways to authenticate");
    if (!failure.detail.empty()) add("{}", shown(failure.detail));
  }

  void operator()(const TlsHandshake& fact) {
    const auto& question = fact.question;
    const auto asked = fmt::format(
        "TLS handshake{}{}{}", policy_text(question.policy),
        question.server_name.empty() ? " without a server name" : " as " + shown(question.server_name),
        connection_text(evidence_, question.connection));
    if (fact.result)
      add("{}: {}, {}{}", asked, shown(fact.result->version), shown(fact.result->cipher),
          fact.result->group.empty() ? "" : ", " + shown(fact.result->group));
    else
      describe_failure(asked, fact.result.error());
    for (const auto& error : fact.verify_errors)
      add("verification, certificate {}: {}", error.depth, shown(error.text));
    for (std::size_t i = 0; i < fact.chain.size(); ++i) describe(fact.chain[i], i);
    if (fact.ocsp != OcspStatus::not_stapled)
      add("stapled OCSP response: {} {}", name(fact.ocsp), shown(fact.ocsp_detail));
    if (fact.client_certificate_requested) add("the server asked for a client certificate");
  }

  void operator()(const HttpExchange& fact) {
    const auto& request = fact.question.request;
    const auto asked = fmt::format("{} {}{}{}", shown(request.method), shown(request.url.text()),
                                   connection_text(evidence_, fact.question.connection),
                                   request.credential == Credential::token ? ", with the token" : "");
    if (fact.result) {
      add("{}: {}", asked, status_line(*fact.result));
      if (fact.first_byte) add("first byte after {}", duration_text(*fact.first_byte));
      for (const auto& header : fact.result->headers) add("{}: {}", shown(header.name), shown(header.value));
      return;
    }
    const auto& failure = fact.result.error();
    add("{}: {}", asked,
        failure.transport ? transport_text(*failure.transport) : std::string{name(failure.kind)});
    add("{} bytes came", failure.received);
    if (failure.partial) add("{}", status_line(*failure.partial));
    if (!failure.detail.empty()) add("{}", shown(failure.detail));
    if (!failure.first_bytes.empty()) add("they begin: {}", shown(failure.first_bytes));
  }

  void operator()(const SshBanner& fact) {
    const auto asked = "SSH identification" + connection_text(evidence_, fact.question.connection);
    if (fact.result)
      return add("{}: SSH-{}-{} {}", asked, shown(fact.result->protocol), shown(fact.result->software),
                 shown(fact.result->comments));
    const auto& failure = fact.result.error();
    add("{}: {}", asked, failure.transport ? transport_text(*failure.transport) : "something else came");
    if (!failure.first_bytes.empty()) add("it begins: {}", shown(failure.first_bytes));
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    lines_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  static std::string_view policy_text(TlsPolicy policy) {
    switch (policy) {
      case TlsPolicy::standard:
        return "";
      case TlsPolicy::permissive:
        return " with old versions allowed";
      case TlsPolicy::comparison:
        return " for comparison";
    }
    return "";
  }

  static std::string answer_text(const PathStep& step) {
    const auto after = duration_text(step.after);
    switch (step.answer) {
      case StepAnswer::silence:
        return "no answer";
      case StepAnswer::expired:
        return step.icmp ? fmt::format("{} ({})", step.icmp->sender.to_string(), after) : "expired there";
      case StepAnswer::unreachable:
        return step.icmp ? fmt::format("{} ({})", icmp_text(*step.icmp), after) : "unreachable";
      case StepAnswer::accepted:
        return fmt::format("the service answered ({})", after);
      case StepAnswer::reset:
        return fmt::format("reset (RST) ({})", after);
      case StepAnswer::closed:
        return fmt::format("closed (FIN) ({})", after);
      case StepAnswer::not_sent:
        return "not sent" + (step.failure ? ": " + error_name(step.failure->error) : "");
    }
    return {};
  }

  static std::string outcome(const DnsLookup& fact) {
    if (fact.status == DnsStatus::answered)
      return listed(fact.addresses, [](const DnsAddress& record) {
        return fmt::format("{} (TTL {} s)", record.address.to_string(), record.ttl.count());
      });
    if (fact.status == DnsStatus::other_rcode && fact.rcode) return fmt::format("RCODE {}", *fact.rcode);
    if (fact.status == DnsStatus::timeout) return fmt::format("no answer to {} queries", fact.attempts);
    return std::string{name(fact.status)};
  }

  static std::string status_line(const HttpResponse& response) {
    return fmt::format("{} {}, {} bytes", response.status, shown(response.reason), response.body.size());
  }

  void describe_failure(const std::string& asked, const TlsFailure& failure) {
    if (failure.received)
      add("{}: alert {} received", asked, shown(failure.received->name));
    else
      add("{}: {}", asked, failure.transport ? transport_text(*failure.transport) : shown(failure.reason));
    if (failure.sent) add("we sent alert {}", shown(failure.sent->name));
    if (!failure.reason.empty() && (failure.transport || failure.received)) add("{}", shown(failure.reason));
    if (!failure.answered)
      add("nothing came back after the ClientHello{}",
          failure.acknowledged ? ", whose arrival the peer's TCP acknowledged" : "");
    if (!failure.first_bytes.empty()) add("what came begins: {}", shown(failure.first_bytes));
  }

  void describe(const Certificate& certificate, std::size_t depth) {
    add("certificate {}: {}, valid {} to {}", depth, shown(certificate.subject), date(certificate.not_before),
        date(certificate.not_after));
    auto names = certificate.dns_names;
    for (const auto& address : certificate.ip_names) names.push_back(address.to_string());
    if (depth == 0)
      add("for {}", names.empty() ? "no name" : listed(names, [](const auto& n) { return shown(n); }));
    add("issued by {}, {} {} bits, {}", shown(certificate.issuer), shown(certificate.key_type),
        certificate.key_bits, shown(certificate.signature));
    add("SHA-256 {}", shown(certificate.sha256));
  }

  const checks::Evidence& evidence_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> describe(const Measurement& measurement, const checks::Evidence& evidence) {
  Describer describer{evidence};
  std::visit(describer, measurement.fact);
  return std::move(describer).take();
}

}  // namespace fwprobe::reports
