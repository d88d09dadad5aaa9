#pragma once
// What one run said about a target: as little of it as history, metrics and pages need.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/investigation.h"
#include "monitor/plan.h"
#include "probe/clock.h"

namespace fwprobe::monitor {

/// Of the target's own way, as far as it was taken.
struct Phases {
  std::optional<probe::Clock::duration> dns, tcp, tls, http_first_byte, http_transfer;
};

/// In the order in which they come: metrics, API, history and pages read this table.
struct Phase {
  std::string_view name;   ///< of labels and fields: "http_first_byte"
  std::string_view words;  ///< for people: "first byte"
  std::optional<probe::Clock::duration> Phases::* took;
};
inline constexpr std::array phase_table{Phase{"dns", "DNS", &Phases::dns}, Phase{"tcp", "TCP", &Phases::tcp},
                                        Phase{"tls", "TLS", &Phases::tls},
                                        Phase{"http_first_byte", "first byte", &Phases::http_first_byte},
                                        Phase{"http_transfer", "transfer", &Phases::http_transfer}};

struct Outcome {
  probe::WallClock::time_point began;
  probe::Clock::duration took{};
  checks::Status status = checks::Status::error;  ///< as measured, whatever was expected
  bool as_expected = false;
  std::optional<checks::Cause> cause;
  std::optional<checks::Location> location;
  std::optional<checks::Confidence> confidence;
  std::optional<checks::Responsible> responsible;
  std::string summary;  ///< one line of at most 300 bytes; texts of the network as they came, in valid UTF-8
  Phases phases;
  std::optional<probe::WallClock::time_point> leaf_expiry;   ///< of the target's own certificate
  std::optional<probe::WallClock::time_point> chain_expiry;  ///< the earliest of the presented chain
  std::string tls_version;
  std::optional<std::uint16_t> http_status;
  std::optional<std::size_t> http_body_bytes;
  int redirects = 0;
  bool ipv6 = false;           ///< of the address that the request went to
  std::optional<bool> listed;  ///< whether every address stands on the allowlists; none: no list was given
  /// When the oldest of the lists becomes stale.
  std::optional<probe::WallClock::time_point> list_stale_at;
};

/// Whether a run says what it should.
bool meets(const Expectation& expectation, const checks::Investigation& investigation);

Outcome outcome_of(const checks::Investigation& investigation, const Expectation& expectation,
                   probe::WallClock::time_point began, probe::Clock::duration took);

}  // namespace fwprobe::monitor
