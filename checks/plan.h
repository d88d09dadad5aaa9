#pragma once
// What to measure next: the other half of judging, and as pure. Every question that the tool can ask stands
// here or in the profile that needs it, beside the reason for asking.

#include <cstdint>
#include <string>
#include <vector>

#include "checks/evidence.h"
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
  bool operator==(const Journey&) const = default;
};

/// What a profile wants besides its own target: requests (the plan finds or opens their connections) and
/// other places.
struct Wishes {
  std::vector<probe::HttpRequest> requests;  ///< sent one after another on a kept connection
  std::vector<Journey> journeys;
};

/// Requests of the web profile: the target's URL and the redirects that follow from it (at most 10).
Wishes web_wishes(const Case& the_case);
/// Requests of the Azure DevOps profiles, in the order in which Microsoft's own clients ask.
Wishes azure_devops_wishes(const Case& the_case);
/// Other hosts and ports that the responses name as their own: can a client follow them?
Wishes content_wishes(const Case& the_case);

/// The exchange that answered this request; null while there is none.
const probe::HttpExchange* find_exchange(const Evidence& evidence, const probe::HttpRequest& request,
                                         probe::MeasurementId* id = nullptr);

/// Questions not asked yet. `asked`: every question that was asked before, answered or still in flight;
/// `overdue`: those of them that are in flight for longer than an answer usually takes.
std::vector<probe::Question> next_questions(const Case& the_case, const std::vector<probe::Question>& asked,
                                            const std::vector<probe::Question>& overdue = {});

}  // namespace fwprobe::checks
