#include "reports/measurement_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "checks/hop_names.h"
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

std::string labels_text(const IcmpError& icmp) {
  std::string text;
  for (const auto& entry : icmp.mpls)
    text += fmt::format(", MPLS label {} exp {} ttl {}", entry.label, entry.exp, entry.ttl);
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
    for (const auto& other : fact.others)
      add("the same query was also answered: {}",
          other.addresses.empty() ? std::string{name(other.status)}
                                  : listed(other.addresses, [](const auto& a) { return a.to_string(); }));
    if (fact.strangers > 0) add("{} datagrams came that do not answer it", fact.strangers);
    if (fact.failure) add("{}", transport_text(*fact.failure));
    if (!fact.detail.empty()) add("{}", shown(fact.detail));
  }

  void operator()(const TcpConnect& fact) {
    auto remote = endpoint_text(fact.question.remote.address(), fact.question.remote.port());
    if (fact.question.purpose == TcpPurpose::compare) remote += ", to compare";
    if (fact.question.max_segment > 0)
      remote += fmt::format(", segments bounded to {} bytes", fact.question.max_segment);
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
        add("hop {}: {}", step->lifetime, answer_text(*step, hop_name(*step)));
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
    if (failure.tcp) describe(*failure.tcp);
    if (failure.partial) add("{}", status_line(*failure.partial));
    if (!failure.detail.empty()) add("{}", shown(failure.detail));
    if (!failure.first_bytes.empty()) add("they begin: {}", shown(failure.first_bytes));
  }

  void operator()(const HttpTrial& fact) {
    const auto& request = fact.question.request;
    const auto asked = fmt::format("trial of {} {}{}{}", shown(request.method), shown(request.url.text()),
                                   request.zeros > 0 ? fmt::format(" with {} bytes", request.zeros) : "",
                                   connection_text(evidence_, fact.question.connection));
    if (fact.result) {
      add("{}: {}", asked, status_line(*fact.result));
      for (const auto* name : {"Server", "Via", "Allow"})
        if (const auto value = header(fact.result->headers, name)) add("{}: {}", name, shown(*value));
    } else {
      const auto& failure = fact.result.error();
      add("{}: {}", asked,
          failure.transport ? transport_text(*failure.transport) : std::string{name(failure.kind)});
      if (!failure.detail.empty()) add("{}", shown(failure.detail));
    }
    if (request.zeros > 0 || !fact.result)
      add("{} bytes of the body sent, {} bytes acknowledged, {} segments sent again", fact.delivery.sent,
          fact.delivery.acknowledged, fact.delivery.retransmits);
  }

  void operator()(const IdleWatch& fact) {
    const auto over = connection_text(evidence_, fact.question.connection);
    if (fact.ended)
      add("silence{}: ended after {}: {}", over, duration_text(fact.kept), transport_text(*fact.ended));
    else
      add("silence{}: kept for {}", over, duration_text(fact.kept));
    if (fact.received > 0) add("{} bytes came unasked", fact.received);
    if (!fact.probed) return;
    if (fact.probed->answered)
      add("the keep-alive probe was answered in {}", duration_text(fact.probed->after));
    else if (fact.probed->failure)
      add("the keep-alive probe: {}", transport_text(*fact.probed->failure));
    else
      add("{} keep-alive probes were not answered", fact.probed->unanswered);
  }

  void operator()(const SshBanner& fact) {
    const auto& type = fact.question.host_key_type;
    const auto asked = "SSH identification" + (type.empty() ? "" : " and key " + shown(type)) +
                       connection_text(evidence_, fact.question.connection);
    if (fact.result) {
      add("{}: SSH-{}-{} {}", asked, shown(fact.result->protocol), shown(fact.result->software),
          shown(fact.result->comments));
      if (fact.host_key)
        add("host key {}, {} bits, {}", shown(fact.host_key->type), fact.host_key->bits,
            shown(fact.host_key->fingerprint));
      if (fact.key_failure) describe(*fact.key_failure);
      if (fact.offer) describe("the server offers", *fact.offer);
      return;
    }
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

  std::string hop_name(const PathStep& step) const {
    return step.icmp ? checks::name_of(evidence_, step.icmp->sender).value_or("") : "";
  }

  static std::string outcome(const DnsLookup& fact) {
    if (fact.status == DnsStatus::answered && fact.question.type == DnsType::ptr)
      return listed(fact.names, [](const auto& found) { return shown(found); });
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
    if (failure.tcp) describe(*failure.tcp);
    if (!failure.first_bytes.empty()) add("what came begins: {}", shown(failure.first_bytes));
  }

  void describe(const SshKeyFailure& failure) {
    add("no host key: {}", failure.transport ? transport_text(*failure.transport) : shown(failure.reason));
    if (failure.ours) describe("we offered", *failure.ours);
  }

  void describe(std::string_view who, const SshOffer& offer) {
    const auto names = [](const std::vector<std::string>& list) {
      return list.empty() ? std::string{"none"} : listed(list, [](const auto& n) { return shown(n); });
    };
    add("{} key exchange {}", who, names(offer.key_exchange));
    add("{} host keys {}", who, names(offer.host_key));
    add("{} ciphers {}", who, names(offer.ciphers_to_client));
    add("{} MACs {}", who, names(offer.macs_to_client));
  }

  void describe(const TcpEnd& progress) {
    add("by then {} bytes sent were not acknowledged, {} segments were sent again, the path MTU was {}",
        progress.unacknowledged, progress.retransmits, progress.path_mtu);
    constexpr std::uint32_t guess = 536;  // of the kernel, before the first segment
    if (progress.largest_received > guess)
      add("the largest segment that came had {} bytes", progress.largest_received);
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

std::string answer_text(const PathStep& step, std::string_view hop_name) {
  const auto after = duration_text(step.after);
  const auto named = hop_name.empty() ? "" : " " + shown(hop_name);
  switch (step.answer) {
    case StepAnswer::silence:
      return "no answer";
    case StepAnswer::expired:
      if (!step.icmp) return "expired there";
      return fmt::format("{}{} ({}){}", step.icmp->sender.to_string(), named, after, labels_text(*step.icmp));
    case StepAnswer::unreachable:
      if (!step.icmp) return "unreachable";
      return fmt::format("{}{} ({}){}", icmp_text(*step.icmp), named, after, labels_text(*step.icmp));
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

std::vector<std::string> describe(const Measurement& measurement, const checks::Evidence& evidence) {
  Describer describer{evidence};
  std::visit(describer, measurement.fact);
  return std::move(describer).take();
}

}  // namespace fwprobe::reports
