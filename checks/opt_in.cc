#include "checks/opt_in.h"

#include <algorithm>

#include "checks/resolution.h"

namespace fwprobe::checks {
namespace {

using probe::TrialPurpose;

/// Controls that follow a failure are asked from this turn on.
constexpr int afterwards = 3;
/// Nobody has a resource there (RFC 8615 §3.1 keeps the folder for registered names).
constexpr auto no_resource = "/.well-known/fwprobe-method-test";
/// What a body of any size has to get through as well.
constexpr std::uint64_t small_body = 1;
constexpr auto silence_reason = "--idle: does a connection outlive a silence?";

/// A trial that is answered, or what is to be asked for it.
struct Attempt {
  Trial answer;
  std::optional<TrialWish> next;
};

template <typename T>
std::optional<Item<T>> item(const Evidence& evidence, auto matches) {
  for (const auto& one : evidence.all<T>())
    if (matches(one)) return one;
  return std::nullopt;
}

Trial find(const Evidence& evidence, const TrialWish& wish) {
  return item<probe::HttpTrial>(evidence, [&](const auto& trial) {
    const auto& question = trial->question;
    return question.purpose == wish.purpose && question.turn == wish.turn && question.request == wish.request;
  });
}

/// A kept connection that its peer closed before the request says nothing about it (RFC 9112 §9.3.1).
bool went_stale(const Evidence& evidence, const probe::HttpTrial& trial) {
  if (trial.result || trial.result.error().received > 0) return false;
  const auto& end = trial.result.error().transport;
  const auto id = trial.question.connection;
  return end && closed_by_peer(*end) &&
         (evidence.find<probe::HttpExchange>(id) || evidence.find<probe::HttpTrial>(id));
}

Attempt attempt(const Evidence& evidence, TrialWish wish) {
  auto answer = find(evidence, wish);
  if (answer && went_stale(evidence, *answer->fact)) {
    ++wish.turn;
    answer = find(evidence, wish);
  }
  if (answer) return {answer, std::nullopt};
  return {std::nullopt, std::move(wish)};
}

/// Answers `trial`; false when it is to be asked first.
bool answered(const Evidence& evidence, TrialWish wish, Trial& trial, std::vector<TrialWish>& next) {
  auto [answer, open] = attempt(evidence, std::move(wish));
  trial = answer;
  if (open) next.push_back(std::move(*open));
  return trial.has_value();
}

/// A request for no resource. Whatever may be there all the same is not changed: the precondition names a
/// version that nothing has, and a server does not perform what it is false for (RFC 9110 §13.1.1).
TrialWish method_wish(const Case& the_case, const char* method, int turn) {
  TrialWish wish{{}, TrialPurpose::method, turn, {}, {}};
  wish.because = turn == 1 ? "--methods: does something between let only some methods through?"
                           : "another method got no answer: does GET still get one?";
  wish.request.method = method;
  wish.request.url = the_case.target.url;
  wish.request.url.path = no_resource;
  wish.request.url.query.clear();
  const std::string_view name = method;
  if (name != "GET" && name != "OPTIONS") wish.request.headers = {{"If-Match", R"("fwprobe-method-test")"}};
  return wish;
}

TrialWish upload_wish(const Case& the_case, std::uint64_t size, int turn) {
  TrialWish wish{{}, TrialPurpose::upload, turn, {}, {}};
  wish.because = turn == 1 ? "--upload: does a large body get through as a small one does?"
                           : "the large body got no answer: does a small one still get one?";
  wish.request.method = "POST";
  wish.request.url = the_case.target.url;
  wish.request.headers = {{"Content-Type", "application/octet-stream"}};
  wish.request.zeros = size;
  return wish;
}

TrialWish idle_wish(const Case& the_case, int turn) {
  TrialWish wish{{}, TrialPurpose::idle, turn, {}, {}};
  wish.because =
      turn <= afterwards ? silence_reason : "the silent connection does not work any more: does a fresh one?";
  wish.request.url = the_case.target.url;
  return wish;
}

bool failed(const Trial& trial) { return trial && !(*trial)->result; }

std::optional<Item<probe::IdleWatch>> watch_over(const Evidence& evidence, probe::MeasurementId connection) {
  return item<probe::IdleWatch>(evidence,
                                [&](const auto& watch) { return watch->question.connection == connection; });
}

IdleTrial idle_requests(const Case& the_case) {
  const auto& evidence = the_case.evidence;
  IdleTrial way;
  if (!answered(evidence, idle_wish(the_case, 1), way.before, way.next.trials)) return way;
  if (!(*way.before)->result || !(*way.before)->result->reusable) return way;
  way.watch = watch_over(evidence, way.before->id);
  if (!way.watch) {
    way.next.silences.push_back({way.before->id, probe::IdleUse::hand_on, silence_reason});
    return way;
  }
  if ((*way.watch)->ended || (*way.watch)->received > 0) return way;
  // Not again on another connection: a RST on this one is what is looked for.
  auto wish = idle_wish(the_case, afterwards);
  wish.over = way.watch->id;
  way.after = find(evidence, wish);
  if (!way.after)
    way.next.trials.push_back(std::move(wish));
  else if (is_dead(way))
    answered(evidence, idle_wish(the_case, afterwards + 1), way.fresh, way.next.trials);
  return way;
}

/// The target's own connections that have carried what its scheme asks for.
std::vector<probe::TcpEndpoint> used_peers(const Case& the_case) {
  std::vector<probe::TcpEndpoint> peers;
  const auto add = [&](probe::MeasurementId id) {
    if (const auto* base = underlying_connection(the_case.evidence, id);
        base && base->question.remote.port() == the_case.target.port)
      peers.push_back(base->question.remote);
  };
  if (the_case.target.scheme == Scheme::ssh)
    for (const auto& banner : the_case.evidence.all<probe::SshBanner>())
      if (banner->result) add(banner.id);
  if (the_case.target.scheme == Scheme::tcp)
    for (const auto& attempt : the_case.evidence.all<probe::TcpConnect>())
      if (attempt->result && !attempt->result->early_end &&
          attempt->question.purpose != probe::TcpPurpose::compare)
        add(attempt.id);
  return peers;
}

/// The connection to keep silent: for tls the one that was shaken hands on, else one to an address that
/// works.
void begin_silence(const Case& the_case, IdleTrial& way) {
  const auto& evidence = the_case.evidence;
  if (the_case.target.scheme == Scheme::tls) {
    for (const auto& handshake : evidence.all<probe::TlsHandshake>())
      if (handshake->result && handshake->verify_errors.empty() &&
          handshake->ocsp != probe::OcspStatus::revoked &&
          handshake->question.policy == probe::TlsPolicy::standard && !is_comparison(evidence, handshake.id))
        return way.next.silences.push_back({handshake.id, probe::IdleUse::keep_alive, silence_reason});
    return;
  }
  const auto peers = used_peers(the_case);
  if (peers.empty()) return;
  const auto attempts = evidence.all<probe::TcpConnect>();
  for (const auto& attempt : attempts) {
    const bool continued = std::ranges::any_of(evidence.all<probe::SshBanner>(), [&](const auto& banner) {
      return banner->question.connection == attempt.id;
    });
    if (attempt->result && !attempt->result->early_end && !continued &&
        attempt->question.purpose != probe::TcpPurpose::compare &&
        std::ranges::find(peers, attempt->question.remote) != peers.end())
      return way.next.silences.push_back({attempt.id, probe::IdleUse::keep_alive, silence_reason});
  }
  // One more, unless the last one was closed at once: so would the next be.
  const auto last = std::find_if(attempts.rbegin(), attempts.rend(), [&](const auto& attempt) {
    return attempt->question.remote == peers.front();
  });
  if (last != attempts.rend() && (*last)->result && (*last)->result->early_end) return;
  way.next.connections.push_back({peers.front(), silence_reason});
}

IdleTrial idle_connection(const Case& the_case) {
  const auto& evidence = the_case.evidence;
  IdleTrial way;
  way.watch = item<probe::IdleWatch>(evidence, [](const auto&) { return true; });
  if (!way.watch) {
    begin_silence(the_case, way);
    return way;
  }
  if (!is_dead(way)) return way;
  const auto* base = underlying_connection(evidence, way.watch->id);
  if (base == nullptr) return way;
  const auto& remote = base->question.remote;
  way.fresh_connection = item<probe::TcpConnect>(evidence, [&](const auto& attempt) {
    return attempt->question.remote == remote && way.watch->id < attempt.id;
  });
  if (!way.fresh_connection)
    way.next.connections.push_back(
        {remote, "the silent connection does not work any more: does a fresh one?"});
  return way;
}

/// TCP's own probe is answered by the proxy, and says nothing about what is behind it.
bool ends_at_proxy(const Case& the_case) {
  const auto& [target, settings, evidence] = the_case;
  return !is_http(target.scheme) &&
         settings.proxies.choose(name(target.scheme), target.host, target.port).server.has_value();
}

void append(std::vector<TrialWish>& to, std::vector<TrialWish> more) {
  std::ranges::move(more, std::back_inserter(to));
}

}  // namespace

MethodTrials method_trials(const Case& the_case) {
  const auto& evidence = the_case.evidence;
  MethodTrials way;
  if (!answers(the_case) || !answered(evidence, method_wish(the_case, "GET", 1), way.get, way.next))
    return way;
  if (failed(way.get)) return way;
  bool silenced = false;
  for (const auto* method : {"OPTIONS", "POST", "PUT", "PATCH", "DELETE"}) {
    Trial trial;
    if (answered(evidence, method_wish(the_case, method, 1), trial, way.next)) way.others.push_back(trial);
    silenced = silenced || failed(trial);
  }
  if (silenced && way.next.empty())
    answered(evidence, method_wish(the_case, "GET", afterwards), way.get_again, way.next);
  return way;
}

UploadTrials upload_trials(const Case& the_case) {
  const auto& evidence = the_case.evidence;
  UploadTrials way;
  if (!answers(the_case) || !answered(evidence, upload_wish(the_case, small_body, 1), way.small, way.next))
    return way;
  if (failed(way.small)) return way;
  if (!answered(evidence, upload_wish(the_case, *the_case.settings.upload, 1), way.large, way.next))
    return way;
  if (failed(way.large))
    answered(evidence, upload_wish(the_case, small_body, afterwards), way.small_again, way.next);
  return way;
}

IdleTrial idle_trial(const Case& the_case) {
  if (ends_at_proxy(the_case)) return {};
  if (!is_http(the_case.target.scheme)) return idle_connection(the_case);
  return answers(the_case) ? idle_requests(the_case) : IdleTrial{};
}

bool answers(const Case& the_case) {
  return is_http(the_case.target.scheme) &&
         std::ranges::any_of(the_case.evidence.all<probe::HttpExchange>(), [&](const auto& exchange) {
           return exchange->result && !is_comparison(the_case.evidence, exchange.id) &&
                  exchange->question.request.url.same_origin(the_case.target.url);
         });
}

bool is_dead(const IdleTrial& trial) {
  if (trial.after) return !(*trial.after)->result;
  return trial.watch && (*trial.watch)->probed && !(*trial.watch)->probed->answered;
}

Wishes opt_in_wishes(const Case& the_case) {
  Wishes wishes;
  const auto& settings = the_case.settings;
  // The silence first: it takes the connection that has just been used.
  if (settings.idle) wishes = idle_trial(the_case).next;
  if (settings.upload) append(wishes.trials, upload_trials(the_case).next);
  if (settings.methods) append(wishes.trials, method_trials(the_case).next);
  return wishes;
}

}  // namespace fwprobe::checks
