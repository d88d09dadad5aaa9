// The check of --idle: does a connection that was silent for a while still carry anything?

#include <fmt/format.h>

#include "checks/builders.h"
#include "checks/checks.h"
#include "checks/opt_in.h"

namespace fwprobe::checks {
namespace {

/// The layer that the target's scheme asks for: what is in order below it comes first.
Check layer(Scheme scheme) {
  switch (scheme) {
    case Scheme::https:
    case Scheme::http:
      return Check::http;
    case Scheme::tls:
      return Check::tls;
    case Scheme::ssh:
      return Check::ssh;
    case Scheme::tcp:
      return Check::tcp;
  }
  return Check::tcp;
}

class Judge {
 public:
  explicit Judge(const Case& the_case) : case_{the_case}, trial_{idle_trial(the_case)} {}

  Finding judge() const {
    if (!trial_.watch) return not_watched();
    const auto& watch = *trial_.watch->fact;
    if (watch.ended) return ended_in_silence(watch);
    if (watch.received > 0 && !watch.probed)
      return unsettled(
          fmt::format("the server sent {} bytes unasked: the connection was not silent", watch.received));
    if (!trial_.after && !watch.probed) return unsettled("the silence was not followed by a request");
    if (!is_dead(trial_)) return alive(watch);
    return dead(watch);
  }

 private:
  Finding passed(std::string words) const { return pass(check(), subject(), std::move(words), ids()); }

  Finding unsettled(std::string why) const {
    return skip(check(), subject(), "--idle says nothing: " + std::move(why), ids());
  }

  Finding not_watched() const {
    const auto& [target, settings, evidence] = case_;
    if (!is_http(target.scheme) &&
        settings.proxies.choose(name(target.scheme), target.host, target.port).server)
      return unsettled("through a proxy only requests can tell; ask an https:// or http:// target");
    if (trial_.before && (*trial_.before)->result)
      return passed(fmt::format(
          "the server keeps no connection open after an answer ({}): none can be lost in a silence",
          (*trial_.before)->result->status));
    return unsettled("no connection got so far that it could be kept silent");
  }

  Finding ended_in_silence(const probe::IdleWatch& watch) const {
    const auto after = text(watch.kept);
    if (probe::closed_by_peer(*watch.ended) && !probe::reset_by_peer(*watch.ended))
      return passed(
          fmt::format("the server closes idle connections after {}, in order (FIN): clients see it, nothing "
                      "is dropped; longer silences do not occur",
                      after));
    if (watch.ended->error == std::errc::message_size) return unsettled("the server never stopped sending");
    // Servers that give a connection up may reset it; so do firewalls that tell both ends. Both are seen by
    // the client, who then connects again.
    auto words = fmt::format("the connection was reset after {} of silence", after);
    if (!probe::reset_by_peer(*watch.ended))
      words =
          fmt::format("the connection failed after {} of silence: {}", after, watch.ended->error.message());
    if (watch.ended->icmp) words += fmt::format(", said by {}", watch.ended->icmp->sender.to_string());
    words += "; the server or a device on the way gives idle connections up, and says so";
    auto finding = lost(Status::warn, std::move(words), watch);
    finding.confidence = Confidence::low;
    return finding;
  }

  Finding alive(const probe::IdleWatch& watch) const {
    if (trial_.after)
      return passed(fmt::format("after {} of silence the same connection carries a request: {} {}",
                                text(watch.kept), (*trial_.after)->result->status,
                                (*trial_.after)->result->reason));
    return passed(fmt::format("after {} of silence TCP's keep-alive probe is answered in {}",
                              text(watch.kept), text(watch.probed->after)));
  }

  /// What came in place of an answer after the silence, and how sure it shows that the state is gone.
  struct Death {
    std::string words;
    Confidence confidence = Confidence::medium;
    bool crossed = false;  ///< by the server's FIN
  };

  Death death(const probe::IdleWatch& watch) const {
    const auto* failure = watch.probed ? &watch.probed->failure : &(*trial_.after)->result.error().transport;
    if (*failure && probe::reset_by_peer(**failure))
      return {watch.probed ? "its keep-alive probe is answered by a RST" : "the request is answered by a RST",
              Confidence::medium};
    if (*failure && (*failure)->icmp)
      return {fmt::format("{} answers with an ICMP error", (*failure)->icmp->sender.to_string()),
              Confidence::high};
    if (watch.probed)
      return {fmt::format("{} keep-alive probes are not answered", std::max(watch.probed->unanswered, 1U)),
              Confidence::high};
    const auto& delivery = (*trial_.after)->delivery;
    if (*failure && probe::closed_by_peer(**failure))
      return {"the connection is closed on the request", Confidence::low, true};
    // What ends TCP has the request; it may have lost its own connection to the server behind it.
    if (delivery.acknowledged > 0)
      return {
          "the request is acknowledged and not answered: the server, or a proxy that ends TCP in front of "
          "it, does not answer on this connection",
          Confidence::low};
    return {fmt::format("the request is not acknowledged, although it was sent {} times",
                        delivery.retransmits + 1),
            Confidence::high};
  }

  Finding dead(const probe::IdleWatch& watch) const {
    const auto how = death(watch);
    const auto silence = text(watch.kept);
    if (!fresh_works()) {
      if (!trial_.fresh && !trial_.fresh_connection)
        return unsettled(
            fmt::format("after {} {}, and no fresh connection was tried beside it", silence, how.words));
      return unsettled(
          fmt::format("after {} {}, but a fresh connection does not work either: it is not the silence",
                      silence, how.words));
    }
    // A FIN that crosses the request is the server's own idle timeout.
    if (how.crossed)
      return passed(
          fmt::format("after {} of silence {}, while a fresh connection works: the server gives idle "
                      "connections up at about that time",
                      silence, how.words));
    auto finding =
        lost(how.confidence == Confidence::low ? Status::warn : Status::fail,
             fmt::format("after {} of silence {}, while a fresh connection works at the same moment", silence,
                         how.words),
             watch);
    finding.confidence = how.confidence;
    return finding;
  }

  bool fresh_works() const {
    if (trial_.fresh) return (*trial_.fresh)->result.has_value();
    return trial_.fresh_connection && (*trial_.fresh_connection)->result.has_value();
  }

  Finding lost(Status status, std::string words, const probe::IdleWatch& watch) const {
    Facts facts{{"host", case_.target.host.name},
                {"port", std::to_string(case_.target.port)},
                {"idle", text(watch.kept)}};
    if (const auto* base = underlying_connection(case_.evidence, trial_.watch->id)) {
      facts.emplace_back("address", base->question.remote.address().to_string());
      facts[1].second = std::to_string(base->question.remote.port());
    }
    auto finding =
        problem(status, check(), subject(), Cause::tcp_idle_dropped, std::move(words), ids(), facts);
    finding.location = Location{Where::path, {}, {}, {}, {}};
    return finding;
  }

  Check check() const { return layer(case_.target.scheme); }
  std::string subject() const { return case_.target.text(); }

  Ids ids() const {
    Ids all;
    const auto add = [&](const auto& part) {
      if (part) all.push_back(part->id);
    };
    add(trial_.before);
    add(trial_.watch);
    add(trial_.after);
    add(trial_.fresh);
    add(trial_.fresh_connection);
    return all;
  }

  const Case& case_;
  IdleTrial trial_;
};

}  // namespace

Findings check_idle(const Case& the_case) {
  if (!the_case.settings.idle) return {};
  return {Judge{the_case}.judge()};
}

}  // namespace fwprobe::checks
