// The path check: how far away is an address that accepts the connection, as far as it was traced? A path
// that ends before it is judged with the connection (check_tcp.cc, location.cc).

#include <algorithm>

#include <fmt/format.h>

#include "checks/builders.h"
#include "checks/checks.h"
#include "checks/path_view.h"
#include "checks/resolution.h"

namespace fwprobe::checks {
namespace {

using probe::PathFlow;
using probe::StepAnswer;

std::string text(const Hop& hop) {
  return hop.address ? fmt::format("hop {} ({})", hop.number, hop.address->to_string())
                     : fmt::format("hop {}", hop.number);
}

/// The trace, of an address that accepts, ends before it.
Finding not_reached(const PathView& view, std::string subject) {
  const auto last = view.last_expired();
  if (last.number == 0)
    return skip(Check::path, std::move(subject), "no router on the way answers, so its distance is unknown",
                view.ids());
  return skip(Check::path, std::move(subject),
              fmt::format("traced as far as {}; the server, which accepts the connection, is further away",
                          text(last)),
              view.ids());
}

Finding reached(const PathView& view, std::string subject, int distance) {
  const auto last = view.last_expired();
  Finding finding = pass(Check::path, std::move(subject), {}, view.ids());
  if (last.number > distance) {
    // Somebody answers in the server's name for some flows, or answers come from different ways.
    finding.summary = fmt::format("a SYN is accepted from a distance of {}, and yet {} was met further away",
                                  distance, text(last));
    finding.confidence = Confidence::low;
  } else if (distance == 1) {
    finding.summary =
        "accepted from a distance of 1: no router lies between, or one accepts in the server's name";
    finding.confidence = Confidence::medium;
  } else if (view.expired_at(distance - 1)) {
    finding.summary = fmt::format("accepted from a distance of {}, behind {}", distance, text(last));
    if (view.stays()) finding.confidence = Confidence::low;
  } else {
    finding.summary =
        fmt::format("accepted from a distance of {}; hop {} does not answer", distance, distance - 1);
    finding.confidence = Confidence::medium;
  }
  return finding;
}

bool accepts(const Case& the_case, const probe::TcpEndpoint& remote) {
  return std::ranges::any_of(the_case.evidence.all<probe::TcpConnect>(), [&](const auto& attempt) {
    return attempt->question.remote == remote && attempt->result;
  });
}

}  // namespace

Findings check_path(const Case& the_case) {
  const auto& [target, settings, evidence] = the_case;
  if (settings.proxies.choose(name(target.scheme), target.host, target.port).server) return {};
  Findings findings;
  for (const auto& address : resolve_host(the_case, target.host).addresses) {
    const probe::TcpEndpoint remote{address, target.port};
    const PathView view{evidence, remote, PathFlow::syn};
    if (!view.traced() || !accepts(the_case, remote)) continue;
    const auto distance = view.nearest(StepAnswer::accepted);
    findings.push_back(distance ? reached(view, checks::text(remote), *distance)
                                : not_reached(view, checks::text(remote)));
  }
  return findings;
}

}  // namespace fwprobe::checks
