#pragma once
// Whether what an outbound list names can be reached from here: the verdict about each entry, from what its
// connections met (docs/allowlists.md).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/connect_failure.h"
#include "checks/finding.h"
#include "checks/reach_plan.h"
#include "probe/connect_sweep.h"
#include "probe/endpoint.h"

namespace fwprobe::checks {

enum class Reached : std::uint8_t {
  reachable,
  partly,       ///< some of it is, and something stops the rest
  unreachable,  ///< something stops all of it
  unknown,      ///< cannot be told from here
  skipped,      ///< not probed, or not for this machine
};
std::string_view name(Reached reach);
/// partly and unreachable fail, unknown is an error.
Status status_of(Reached reach);

/// How a connection attempt ended, for the question whether the way is open.
enum class Met : std::uint8_t {
  accepted,
  refused,   ///< RST: open, unless something on the way wrote it
  stopped,   ///< an error that says so
  silent,    ///< no answer, from a host that is stopped or from none
  absent,    ///< host unreachable
  unrouted,  ///< this machine has no route of that family
  failed,    ///< this machine could not try
};
constexpr std::size_t met_count = 7;

/// Ways that are traced: one stands for the others of its block, and what goes beyond says that it was not
/// traced.
constexpr std::size_t most_traced = 16;

/// An attempt that was not accepted, and what it means.
struct MetExample {
  Met met = Met::silent;
  probe::TcpConnect fact;
  ConnectVerdict verdict;
};

/// One port of a prefix; of a name one port of one address.
struct Way {
  std::size_t plan = 0;  ///< of the entry
  std::string host;      ///< the name; empty for a prefix
  std::uint16_t port = 0;
  bool whole = false;  ///< one address, which must answer; of a prefix any one will do
  std::uint32_t total = 0;
  std::uint32_t count[met_count] = {};
  std::vector<MetExample> examples;    ///< the first of each kind that is not `accepted`
  std::optional<std::size_t> traced;   ///< the Traced that speaks for it
  std::vector<Finding> name_findings;  ///< of a name: what is wrong with its resolution
  bool beyond = false;                 ///< it would have been traced, had not `most_traced` been before it

  std::uint32_t met(Met kind) const { return count[static_cast<std::size_t>(kind)]; }
  std::uint32_t ended() const;
  const MetExample* example(Met kind) const;
  /// `unrouted` counts as `stopped`.
  void complain_of_routes();
};

/// A way that was traced for itself and for others that share its fate.
struct Traced {
  Met met = Met::silent;
  allowlist::Prefix block;  ///< the addresses for which it speaks
  probe::TcpConnect fact;   ///< the attempt that it explains
  Evidence evidence;
};

struct WayReach {
  std::string host;
  std::uint16_t port = 0;
  Reached reach = Reached::unknown;
  std::optional<Cause> cause;  ///< what is underneath, when not reachable
  std::string summary;         ///< one line
  std::optional<Location> location;
  Confidence confidence = Confidence::high;
  std::optional<probe::TcpEndpoint> traced;  ///< whose way was traced in its place
  std::vector<std::string> remedy;
  std::uint32_t count[met_count] = {};
};

struct EntryReach {
  const allowlist::Entry* entry = nullptr;
  Reached reach = Reached::skipped;
  std::string summary;
  std::vector<WayReach> ways;
  /// The way that decided; null when there is none.
  const WayReach* deciding() const;
};

/// Counts an attempt of `way`, and keeps the first of its kind.
void record(Way& way, const probe::SweepAttempt& attempt, const probe::Environment& environment,
            const probe::TcpSource& source);

/// What the way's attempts mean. `traced` is the one that speaks for it, or null.
WayReach judge_way(const Way& way, const ReachPlan& plan, const Traced* traced, const Settings& settings,
                   const probe::Environment& environment);
EntryReach judge_entry(const ReachPlan& plan, std::vector<WayReach> ways);

}  // namespace fwprobe::checks
