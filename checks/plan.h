#pragma once
// What to measure next: the other half of judging, and as pure. Every question that the tool can ask stands
// here or in the profile that needs it, beside the reason for asking.

#include <cstdint>
#include <string>
#include <vector>

#include "checks/evidence.h"
#include "checks/ledger.h"
#include "probe/endpoint.h"
#include "probe/measurement.h"

namespace fwprobe::checks {

/// How far up the layers a journey goes.
enum class Reach : std::uint8_t { tcp, tls, http };

/// A place that has to be reached: by its own name resolution, connections and handshakes.
struct Journey {
  Scheme scheme = Scheme::https;
  probe::Host host;
  std::uint16_t port = 0;
  Reach reach = Reach::tcp;
  std::string because = {};  ///< why it has to be reached; empty for the target's own
  bool operator==(const Journey&) const = default;
};

/// A request that tries out what the way lets through.
struct TrialWish {
  probe::HttpRequest request;
  probe::TrialPurpose purpose = probe::TrialPurpose::method;
  int turn = 1;
  /// The measurement whose connection it needs; none: any that can carry it.
  probe::MeasurementId over{};
  std::string because{};
};

/// A silence on a connection that nothing else uses.
struct SilenceWish {
  probe::MeasurementId connection{};
  probe::IdleUse use = probe::IdleUse::hand_on;
  std::string because{};
};

/// One more connection, which nothing else has taken.
struct ConnectionWish {
  probe::TcpEndpoint remote;
  std::string because{};
};

/// What a profile wants besides its own target: requests (the plan finds or opens their connections) and
/// other places.
struct Wishes {
  std::vector<probe::HttpRequest> requests;  ///< sent one after another on a kept connection
  std::vector<Journey> journeys;
  std::string because = {};            ///< why the last of the requests is sent, when it is no ordinary step
  std::vector<TrialWish> trials = {};  ///< at the same time, on a connection each
  std::vector<SilenceWish> silences = {};
  std::vector<ConnectionWish> connections = {};
};

/// Requests of the web profile: the target's URL and the redirects that follow from it (at most 10).
Wishes web_wishes(const Case& the_case);
/// Requests of the Azure DevOps profiles, in the order in which Microsoft's own clients ask.
Wishes azure_devops_wishes(const Case& the_case);
/// Other hosts and ports that the responses name as their own: can a client follow them?
Wishes content_wishes(const Case& the_case);

/// What --idle, --upload and --methods ask: nothing when they are not given, or when the target itself has
/// not answered (yet).
Wishes opt_in_wishes(const Case& the_case);

/// The exchange that answered this request; null while there is none.
const probe::HttpExchange* find_exchange(const Evidence& evidence, const probe::HttpRequest& request,
                                         probe::MeasurementId* id = nullptr);

/// Questions not asked yet, the follow-ups with their reasons. `asked`: every question that was asked before,
/// answered or still in flight; `overdue`: those of them that are in flight for longer than an answer usually
/// takes.
std::vector<Planned> next_questions(const Case& the_case, const std::vector<probe::Question>& asked,
                                    const std::vector<probe::Question>& overdue = {});

}  // namespace fwprobe::checks
