// The TLS check: what the handshakes say about versions, names and whoever ended them. Certificates:
// check_certificate.cc.

#include <algorithm>

#include <fmt/format.h>

#include "checks/black_hole.h"
#include "checks/builders.h"
#include "checks/certificate.h"
#include "checks/checks.h"
#include "checks/location.h"

namespace fwprobe::checks {
namespace {

using probe::TlsFailure;
using probe::TlsHandshake;

/// RFC 8446 §6, RFC 6066 §3.
enum Alert : std::uint8_t {
  handshake_failure = 40,
  bad_certificate = 42,
  access_denied = 49,
  protocol_version = 70,
  insufficient_security = 71,
  unrecognized_name = 112,
  certificate_required = 116,
};

/// How well-known protocols begin when they speak in clear text.
struct Greeting {
  std::string_view begin;
  std::string_view protocol;
};
constexpr Greeting greetings[] = {{"HTTP/", "HTTP"}, {"<", "HTTP (a page without headers)"},
                                  {"SSH-", "SSH"},   {"220", "SMTP or FTP"},
                                  {"+OK", "POP3"},   {"* OK", "IMAP"},
                                  {"RFB ", "VNC"},   {"-ERR", "Redis"},
                                  {"AMQP", "AMQP"}};

/// bad, unsupported, revoked, expired and unknown certificates (42 to 46), unknown_ca, access_denied.
bool is_about_a_certificate(std::uint8_t code) {
  constexpr std::uint8_t illegal_parameter = 47;
  return code >= bad_certificate && code <= access_denied && code != illegal_parameter;
}

struct Judged {
  const Case& the_case;
  const Item<TlsHandshake>& handshake;

  const probe::TcpConnect* connection() const {
    return underlying_connection(the_case.evidence, handshake.id);
  }
  bool tunnelled() const {
    return the_case.evidence.find<probe::ProxyTunnel>(handshake->question.connection) != nullptr;
  }

  std::string subject() const {
    const auto& name = handshake->question.verify.name;
    if (tunnelled() || connection() == nullptr) return name;
    const auto remote = text(connection()->question.remote);
    return handshake->question.verify.address ? remote : fmt::format("{} at {}", name, remote);
  }

  Facts facts() const {
    Facts known{{"host", handshake->question.verify.name}, {"port", std::to_string(the_case.target.port)}};
    if (connection() != nullptr && !tunnelled()) {
      known.emplace_back("address", connection()->question.remote.address().to_string());
      known[1].second = std::to_string(connection()->question.remote.port());
    }
    return known;
  }

  Finding problem_with(Cause cause, std::string summary, Where where, Confidence confidence, Facts more = {},
                       Ids also = {}) const {
    auto known = facts();
    known.insert(known.end(), more.begin(), more.end());
    Ids ids{handshake.id};
    ids.insert(ids.end(), also.begin(), also.end());
    auto finding =
        problem(Status::fail, Check::tls, subject(), cause, std::move(summary), std::move(ids), known);
    finding.location = Location{where, {}, {}, {}, {}};
    finding.confidence = confidence;
    return finding;
  }
};

/// The permissive handshake with the same peer, when it was made.
const TlsHandshake* permissive(const Judged& judged, probe::MeasurementId& id) {
  for (const auto& other : judged.the_case.evidence.all<TlsHandshake>()) {
    if (other->question.policy != probe::TlsPolicy::permissive ||
        other->question.verify != judged.handshake->question.verify)
      continue;
    const auto* theirs = underlying_connection(judged.the_case.evidence, other.id);
    const auto* ours = judged.connection();
    if (theirs == nullptr || ours == nullptr || theirs->question.remote != ours->question.remote) continue;
    id = other.id;
    return other.fact;
  }
  return nullptr;
}

/// A connection to the same peer on which nothing was said, and which was closed all the same.
const Item<probe::TcpConnect>* closed_in_silence(const Judged& judged,
                                                 const std::vector<Item<probe::TcpConnect>>& attempts) {
  const auto* ours = judged.connection();
  const auto at = std::ranges::find_if(attempts, [&](const auto& attempt) {
    return ours != nullptr && attempt->question.remote == ours->question.remote &&
           attempt->question.purpose == probe::TcpPurpose::listen && attempt->result &&
           attempt->result->early_end && attempt->result->greeting.empty();
  });
  return at == attempts.end() ? nullptr : &*at;
}

bool is_old(std::string_view version) { return version != "TLSv1.2" && version != "TLSv1.3"; }

Finding nothing_in_common(const Judged& judged, const probe::TlsAlert& alert) {
  probe::MeasurementId other;
  const auto* offered = permissive(judged, other);
  const bool by_version = alert.code == protocol_version;
  if (offered != nullptr && offered->result) {
    const auto& session = *offered->result;
    if (is_old(session.version))
      return judged.problem_with(
          Cause::tls_protocol_version,
          fmt::format("the server offers {} at best; TLS 1.2 is the minimum", session.version), Where::server,
          Confidence::high, {{"offered", session.version}}, {other});
    return judged.problem_with(Cause::tls_no_common_cipher,
                               fmt::format("the server accepts only weak cipher suites or keys: {} with {}",
                                           session.cipher, session.version),
                               Where::server, Confidence::high, {{"offered", session.cipher}}, {other});
  }
  const auto also = offered != nullptr ? Ids{other} : Ids{};
  if (by_version)
    return judged.problem_with(
        Cause::tls_protocol_version,
        "no TLS version in common (alert protocol_version), with old versions allowed as well", Where::server,
        Confidence::high, {}, also);
  // handshake_failure is also what servers send that miss a client certificate or a server name.
  return judged.problem_with(
      Cause::tls_no_common_cipher, fmt::format("no cipher suite or group in common (alert {})", alert.name),
      Where::server, offered != nullptr ? Confidence::medium : Confidence::low, {}, also);
}

Finding by_alert(const Judged& judged, const TlsFailure& failure) {
  const auto& alert = *failure.received;
  const bool requested = judged.handshake->client_certificate_requested;
  if (alert.code == certificate_required ||
      (requested && (alert.code == handshake_failure || is_about_a_certificate(alert.code))))
    return judged.problem_with(
        Cause::tls_client_certificate_required,
        judged.the_case.settings.tls.client_certificate.empty()
            ? fmt::format("the server requires a client certificate (alert {})", alert.name)
            : fmt::format("the server does not accept the client certificate (alert {})", alert.name),
        Where::server, alert.code == certificate_required ? Confidence::high : Confidence::medium);
  if (alert.code == unrecognized_name)
    return judged.problem_with(
        Cause::tls_unrecognized_name,
        fmt::format("the server does not know the name {}", judged.handshake->question.server_name),
        Where::server, Confidence::high);
  if (alert.code == protocol_version || alert.code == handshake_failure ||
      alert.code == insufficient_security)
    return nothing_in_common(judged, alert);
  return judged.problem_with(Cause::tls_alert,
                             fmt::format("the server ended the handshake with the alert {}", alert.name),
                             Where::server, Confidence::high, {{"alert", alert.name}});
}

Finding not_tls(const Judged& judged, const TlsFailure& failure) {
  const auto known = std::ranges::find_if(
      greetings, [&](const auto& greeting) { return failure.first_bytes.starts_with(greeting.begin); });
  const auto first_line = failure.first_bytes.substr(0, failure.first_bytes.find_first_of("\r\n"));
  const auto words =
      known == std::end(greetings)
          ? fmt::format("what answers is no TLS; it begins with '{}'", first_line)
          : fmt::format("what answers speaks {} in clear text: '{}'", known->protocol, first_line);
  return judged.problem_with(Cause::tls_not_tls, words, Where::server, Confidence::high);
}

/// The same address, asked with another server name, gave an answer.
const Item<TlsHandshake>* answered_another_name(const Judged& judged,
                                                const std::vector<Item<TlsHandshake>>& handshakes) {
  const auto* ours = judged.connection();
  const auto at = std::ranges::find_if(handshakes, [&](const auto& other) {
    const auto* theirs = underlying_connection(judged.the_case.evidence, other.id);
    return other->question.policy == probe::TlsPolicy::comparison && ours != nullptr && theirs != nullptr &&
           theirs->question.remote == ours->question.remote &&
           (other->result || other->result.error().answered);
  });
  return at == handshakes.end() ? nullptr : &*at;
}

/// The ClientHello drew nothing but silence, or the connection's end: is it the name, and where?
Finding nothing_came_back(const Judged& judged, Cause cause, std::string words, Confidence confidence,
                          bool ended_by_peer) {
  const auto handshakes = judged.the_case.evidence.all<TlsHandshake>();
  FlowEnd end;
  if (!judged.tunnelled() && judged.connection() != nullptr)
    end = locate_hello(judged.the_case, judged.connection()->question.remote, ended_by_peer);
  confidence = std::max(confidence, end.words.empty() ? confidence : end.confidence);
  // A ClientHello that arrived was not dropped for its name; what came back was lost, or nothing came.
  const bool arrived = judged.handshake->result.error().acknowledged;
  if (arrived) words += "; the peer's TCP acknowledged it, so it arrived";
  if (const auto* other = arrived ? nullptr : answered_another_name(judged, handshakes)) {
    cause = Cause::tls_sni_filtered;
    confidence = Confidence::high;
    end.evidence.push_back(other->id);
    words += other->fact->question.server_name.empty()
                 ? "; one without a server name is answered"
                 : fmt::format("; one for {} is answered", other->fact->question.server_name);
  }
  auto finding = judged.problem_with(cause, words + end.words, Where::path, confidence, {}, end.evidence);
  finding.location = end.location;
  return finding;
}

Finding ended_by_peer(const Judged& judged, const TlsFailure& failure) {
  const bool reset = probe::reset_by_peer(*failure.transport);
  const auto attempts = judged.the_case.evidence.all<probe::TcpConnect>();
  if (const auto* silent = closed_in_silence(judged, attempts))
    return judged.problem_with(Cause::tcp_closed_early,
                               "the connection is closed after it is accepted, also when nothing is said",
                               Where::server, Confidence::medium, {}, {silent->id});
  const auto compared = std::ranges::any_of(attempts, [&](const auto& attempt) {
    return attempt->question.purpose == probe::TcpPurpose::listen && attempt->result &&
           judged.connection() != nullptr && attempt->question.remote == judged.connection()->question.remote;
  });
  return nothing_came_back(
      judged, Cause::tls_client_hello_reset,
      fmt::format("the connection is {} on the ClientHello{}", reset ? "reset" : "closed",
                  compared ? "; one on which nothing is said stays open" : ""),
      compared ? Confidence::medium : Confidence::low, true);
}

Finding large_packets_vanish(const Judged& judged, const BlackHole& hole) {
  return judged.problem_with(Cause::tcp_path_mtu_black_hole, "the handshake stalls, and " + hole.words,
                             Where::path, hole.confidence, hole.facts, hole.evidence);
}

Finding judge_failure(const Judged& judged, const TlsFailure& failure) {
  if (const auto hole = find_black_hole(judged.the_case, judged.handshake.id))
    return large_packets_vanish(judged, *hole);
  if (!failure.first_bytes.empty()) return not_tls(judged, failure);
  if (failure.received) return by_alert(judged, failure);
  if (failure.sent && (failure.sent->code == protocol_version || failure.sent->code == handshake_failure ||
                       failure.sent->code == insufficient_security))
    return nothing_in_common(judged, *failure.sent);
  if (failure.transport && !failure.answered) {
    if (probe::closed_by_peer(*failure.transport)) return ended_by_peer(judged, failure);
    auto words = fmt::format("connected, and the ClientHello was not answered within {}",
                             text(judged.handshake.time.elapsed));
    const auto& icmp = failure.transport->icmp;
    if (icmp) words += fmt::format(": {} says it cannot be delivered", icmp->sender.to_string());
    // A server of another protocol that waits for its client to go on is as silent as a device that drops.
    auto finding = nothing_came_back(judged, Cause::tls_client_hello_dropped, std::move(words),
                                     Confidence::medium, false);
    if (icmp) finding.location = Location{Where::path, {}, icmp->sender, Precision::at, {}};
    return finding;
  }
  if (failure.transport && probe::timed_out(*failure.transport))
    return judged.problem_with(Cause::tls_handshake_timeout,
                               fmt::format("the handshake began and stalled; it was given up after {}",
                                           text(judged.handshake.time.elapsed)),
                               Where::path, Confidence::medium);
  if (failure.transport && probe::closed_by_peer(*failure.transport)) {
    if (judged.handshake->client_certificate_requested)
      return judged.problem_with(Cause::tls_client_certificate_required,
                                 "the server asks for a client certificate, and then the connection ends",
                                 Where::server, Confidence::medium);
    return judged.problem_with(Cause::tls_client_hello_reset,
                               "the connection ended in the middle of the handshake", Where::path,
                               Confidence::low);
  }
  if (!failure.transport && !failure.sent && !failure.answered) {
    // No byte was sent: the question could not be asked, and nothing is known of the server.
    auto finding = skip(Check::tls, judged.subject(), failure.reason, {judged.handshake.id});
    finding.status = Status::error;
    return finding;
  }
  const auto reason =
      failure.reason.empty() && failure.transport ? failure.transport->error.message() : failure.reason;
  return judged.problem_with(Cause::tls_alert, fmt::format("the handshake failed here: {}", reason),
                             Where::server, Confidence::low,
                             failure.sent ? Facts{{"alert", failure.sent->name}} : Facts{});
}

std::string session_in_words(const Item<TlsHandshake>& handshake) {
  const auto& session = *handshake->result;
  auto words = fmt::format("{}, {}", session.version, session.cipher);
  if (!session.group.empty()) words += ", " + session.group;
  if (!handshake->chain.empty()) {
    const auto left = std::chrono::duration_cast<std::chrono::days>(handshake->chain.front().not_after -
                                                                    handshake.time.started);
    words += fmt::format("; certificate verified, {} days left", left.count());
  }
  return words;
}

}  // namespace

Findings check_tls(const Case& the_case) {
  Findings findings;
  for (const auto& handshake : the_case.evidence.all<TlsHandshake>()) {
    if (handshake->question.policy != probe::TlsPolicy::standard ||
        is_comparison(the_case.evidence, handshake.id))
      continue;
    const Judged judged{the_case, handshake};
    if (!handshake->result) {
      findings.push_back(judge_failure(judged, handshake->result.error()));
      continue;
    }
    auto about = check_certificate(the_case, handshake, judged.subject(), judged.facts());
    const bool sound =
        std::ranges::none_of(about, [](const auto& finding) { return finding.status == Status::fail; });
    // A kept address is shaken hands with again when its connection was used up; once is enough to say.
    const bool said = std::ranges::any_of(
        findings, [&](const auto& f) { return f.status == Status::pass && f.subject == judged.subject(); });
    if (sound && !said)
      findings.push_back(pass(Check::tls, judged.subject(), session_in_words(handshake), {handshake.id}));
    if (!said) std::ranges::move(about, std::back_inserter(findings));
  }
  if (findings.empty() && is_tls(the_case.target.scheme))
    findings.push_back(skip(Check::tls, the_case.target.host.name, "not reached"));
  return findings;
}

}  // namespace fwprobe::checks
