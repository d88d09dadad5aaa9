#include "checks/black_hole.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace fwprobe::checks {
namespace {

using probe::HttpExchange;
using probe::TcpConnect;
using probe::TlsHandshake;

// ---- what stalls as if full-size segments vanished

/// What a measurement says that ended because nothing more came; null when it did not end so.
const probe::TcpEnd* progress_when_stalled(const probe::Fact& fact) {
  const auto given_up = [](const auto& failure) -> const probe::TcpEnd* {
    return failure.transport && probe::timed_out(*failure.transport) && failure.tcp ? &*failure.tcp : nullptr;
  };
  if (const auto* handshake = std::get_if<TlsHandshake>(&fact))
    return handshake->result ? nullptr : given_up(handshake->result.error());
  if (const auto* exchange = std::get_if<HttpExchange>(&fact))
    return exchange->result ? nullptr : given_up(exchange->result.error());
  return nullptr;
}

enum class Lost : std::uint8_t { nothing, answer, request };

/// Which way large segments may have been lost. A full-size segment that came shows that they pass; and what
/// fits into small ones anyway is not lost for its size.
Lost lost(const probe::TcpEnd& progress, const TcpConnect& connection) {
  const auto safe = safe_segment(connection.question.remote.address());
  if (!connection.result || connection.result->info.segment_size <= safe) return Lost::nothing;
  if (progress.unacknowledged > safe) return Lost::request;
  const bool large_came = progress.largest_received >= connection.result->info.segment_size;
  return progress.unacknowledged == 0 && !large_came ? Lost::answer : Lost::nothing;
}

Lost lost(const Evidence& evidence, const probe::Measurement& measurement) {
  const auto* progress = progress_when_stalled(measurement.fact);
  const auto* connection = underlying_connection(evidence, measurement.id);
  return progress && connection ? lost(*progress, *connection) : Lost::nothing;
}

// ---- asking again

bool is_use_of_a_kept_connection(const probe::Fact& fact) {
  return std::holds_alternative<HttpExchange>(fact) || std::holds_alternative<probe::HttpTrial>(fact) ||
         std::holds_alternative<probe::IdleWatch>(fact);
}

/// What is asked one over the other from the connection up to `last`; what a kept connection
/// carried before is no part of it. Empty when it stands on nothing.
std::vector<probe::Question> way_to(const Evidence& evidence, const probe::Question& last) {
  std::vector<probe::Question> way{last};
  auto id = connection_of(last);
  // Each measurement goes over an earlier one, so the way down ends; the bound is for reports from elsewhere.
  for (std::size_t step = 0; id && step <= evidence.measurements().size(); ++step) {
    const auto* below = evidence.find(id);
    if (below == nullptr) return {};
    auto question = question_of(below->fact);
    id = connection_of(question);
    if (!is_use_of_a_kept_connection(below->fact)) way.insert(way.begin(), std::move(question));
  }
  return way;
}

probe::Question over(probe::Question question, probe::MeasurementId connection) {
  std::visit(
      [&](auto& q) {
        if constexpr (requires { q.connection; }) q.connection = connection;
      },
      question);
  return question;
}

/// Whether another layer can be put on it.
bool carries_on(const probe::Fact& fact) {
  if (const auto* connection = std::get_if<TcpConnect>(&fact))
    return connection->result && !connection->result->early_end;
  if (const auto* tunnel = std::get_if<probe::ProxyTunnel>(&fact)) return tunnel->result.has_value();
  const auto* handshake = std::get_if<TlsHandshake>(&fact);
  return handshake && handshake->result && handshake->verify_errors.empty() &&
         handshake->ocsp != probe::OcspStatus::revoked;
}

std::optional<probe::MeasurementId> open_line(const Evidence& evidence, const probe::Question& question) {
  for (const auto& measurement : evidence.measurements())
    if (question_of(measurement.fact) == question && carries_on(measurement.fact)) return measurement.id;
  return std::nullopt;
}

/// Goes the way once more, from `first` on, as far as its answers allow.
void go(const Evidence& evidence, Ledger& ledger, const std::vector<probe::Question>& way,
        probe::Question first, const std::string& because) {
  auto step = std::move(first);
  for (std::size_t next = 1;; ++next) {
    ledger.ask(step, because);
    if (next == way.size()) return;
    const auto line = open_line(evidence, step);
    if (!line) return;
    auto above = over(way[next], *line);
    if (ledger.taken(*line) && !ledger.asked(above)) return;
    step = std::move(above);
  }
}

void repeat(const Evidence& evidence, Ledger& ledger, const probe::Question& stalled) {
  const auto way = way_to(evidence, stalled);
  const auto* base = way.empty() ? nullptr : std::get_if<probe::TcpQuestion>(&way.front());
  // Nothing stands between this machine and itself.
  if (!base || base->purpose == probe::TcpPurpose::compare || base->remote.address().is_loopback()) return;
  const auto again = [&](std::uint16_t segment, const std::string& because) {
    go(evidence, ledger, way, probe::TcpQuestion{base->remote, probe::TcpPurpose::compare, 1, segment},
       because);
  };
  const auto safe = safe_segment(base->remote.address());
  again(safe,
        fmt::format("it stalls as if large packets vanished: does it pass with segments of {} bytes?", safe));
  again(0, "it stalls as if large packets vanished: does it stall again as it was?");
}

/// May be asked again without a change on the server (RFC 9110 §9.2.1).
bool is_safe(const std::string& method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

bool may_be_repeated(const probe::Question& question) {
  if (const auto* handshake = std::get_if<probe::TlsQuestion>(&question))
    return handshake->policy == probe::TlsPolicy::standard;
  const auto* exchange = std::get_if<probe::HttpQuestion>(&question);
  return exchange && is_safe(exchange->request.method);
}

// ---- what the answers show

/// How far a way got: handshakes before exchanges, and of these the bytes of the response.
using Reached = std::pair<int, std::size_t>;

Reached reached(const probe::Fact& fact) {
  constexpr auto all = std::numeric_limits<std::size_t>::max();
  if (const auto* handshake = std::get_if<TlsHandshake>(&fact)) {
    if (handshake->result) return {1, all};
    return {1, !handshake->chain.empty() || handshake->result.error().received ? 1 : 0};
  }
  const auto* exchange = std::get_if<HttpExchange>(&fact);
  if (exchange == nullptr) return {0, 0};
  return {2, exchange->result ? all : exchange->result.error().received};
}

/// The repetition with this segment size: its last measurement; null when it got nowhere.
const probe::Measurement* repetition(const Evidence& evidence, const probe::TcpEndpoint& remote,
                                     std::uint16_t segment) {
  const probe::Measurement* last = nullptr;
  for (const auto& measurement : evidence.measurements()) {
    const auto* base = underlying_connection(evidence, measurement.id);
    if (base && base->question == probe::TcpQuestion{remote, probe::TcpPurpose::compare, 1, segment})
      last = &measurement;
  }
  return last;
}

bool got_further(const Reached& small, const Reached& large, std::size_t full_segment) {
  if (small.first != large.first) return small.first > large.first;
  if (small.first == 1) return small.second > large.second;
  // A response that drips gets a little further by chance.
  constexpr std::size_t many = 10;
  return small.second > large.second && small.second - large.second >= many * full_segment;
}

std::string size_words(const TcpConnect& connection, std::uint16_t safe) {
  return fmt::format("segments of up to {} bytes and passes with segments of at most {}",
                     connection.result->info.segment_size, safe);
}

/// What this machine knows of the path's MTU by now: whether an ICMP message has told it.
std::string mtu_words(const TcpConnect& connection, const probe::TcpEnd& progress) {
  const auto before = connection.result->info.path_mtu;
  if (progress.path_mtu != 0 && progress.path_mtu < before)
    return fmt::format("an ICMP message has lowered the path MTU from {} to {}", before, progress.path_mtu);
  return fmt::format("no ICMP message says that the path MTU is less than {}", before);
}

}  // namespace

std::uint16_t safe_segment(const asio::ip::address& address) {
  constexpr std::uint16_t ipv4 = 576 - 40, ipv6 = 1280 - 60;
  return address.is_v6() ? ipv6 : ipv4;
}

void compare_segment_sizes(const Case& the_case, const std::vector<probe::Question>& overdue,
                           Ledger& ledger) {
  const auto& evidence = the_case.evidence;
  for (const auto& measurement : evidence.measurements()) {
    const auto question = question_of(measurement.fact);
    if (may_be_repeated(question) && lost(evidence, measurement) != Lost::nothing)
      repeat(evidence, ledger, question);
  }
  // A slow page is no reason to ask for it again; a handshake is seldom slow.
  for (const auto& question : overdue)
    if (std::holds_alternative<probe::TlsQuestion>(question) && may_be_repeated(question))
      repeat(evidence, ledger, question);
}

std::optional<BlackHole> find_black_hole(const Case& the_case, probe::MeasurementId stalled) {
  const auto& evidence = the_case.evidence;
  const auto* measurement = evidence.find(stalled);
  const auto* connection = underlying_connection(evidence, stalled);
  if (!measurement || !connection) return std::nullopt;
  const auto which = lost(evidence, *measurement);
  if (which == Lost::nothing) return std::nullopt;
  const auto& remote = connection->question.remote;
  const auto safe = safe_segment(remote.address());
  const auto* small = repetition(evidence, remote, safe);
  const auto* large = repetition(evidence, remote, 0);
  // A server that was slow once, a filter that goes by chance: then the other repetition passes as well.
  if (!small || !large || lost(evidence, *large) == Lost::nothing) return std::nullopt;
  const auto passed = reached(small->fact);
  if (!got_further(passed, reached(large->fact), connection->result->info.segment_size)) return std::nullopt;

  const auto address = remote.address().to_string();
  BlackHole found;
  found.words = fmt::format(
      "{}: it stalls, twice, with {}; {}",
      which == Lost::answer ? "full-size segments from there vanish" : "full-size segments to there vanish",
      size_words(*connection, safe), mtu_words(*connection, *progress_when_stalled(measurement->fact)));
  const bool complete = passed.second == std::numeric_limits<std::size_t>::max();
  found.confidence = complete ? Confidence::high : Confidence::medium;
  found.evidence = {small->id, large->id};
  found.facts = {{"address", address},
                 {"segment", std::to_string(safe)},
                 {"icmp", remote.address().is_v6() ? "ICMPv6 type 2 (packet too big)"
                                                   : "ICMP type 3 code 4 (fragmentation needed)"},
                 {"standard", remote.address().is_v6() ? "RFC 8201, RFC 4890 §4.3.1" : "RFC 1191"}};
  return found;
}

}  // namespace fwprobe::checks
