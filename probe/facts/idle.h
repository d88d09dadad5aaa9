#pragma once
// A connection that is kept silent for a while, and whether it still carries anything afterwards.

#include <cstdint>
#include <optional>

#include "probe/clock.h"
#include "probe/failure.h"
#include "probe/measurement_id.h"

namespace fwprobe::probe {

/// What is done with the connection when the silence is over.
enum class IdleUse : std::uint8_t {
  hand_on,    ///< nothing here: the next question uses it
  keep_alive  ///< TCP's own probe (RFC 9293 §3.8.4), which carries no byte and which every peer must answer
};

struct IdleQuestion {
  MeasurementId connection{};
  Clock::duration silence{};  ///< at least a second
  IdleUse use = IdleUse::hand_on;
  bool operator==(const IdleQuestion&) const = default;
};

/// What came back on the probes.
struct KeepAlive {
  bool answered = false;
  std::optional<TransportFailure> failure;  ///< a RST or an ICMP error in place of the answer
  std::uint32_t unanswered = 0;             ///< probes in a row
  Clock::duration after{};                  ///< from the first probe to the answer or the end
};

struct IdleWatch {
  IdleQuestion question;
  Clock::duration kept{};                 ///< in silence: all of it, or until the connection ended
  std::optional<TransportFailure> ended;  ///< by the peer or the network while nothing was sent
  std::uint64_t received = 0;             ///< bytes that the peer sent unasked meanwhile
  std::optional<KeepAlive> probed;        ///< with IdleUse::keep_alive, when it had not ended
};

}  // namespace fwprobe::probe
