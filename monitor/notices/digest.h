#pragma once
// What one message says: the changes of each target made one, the worst first.

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/notices/event.h"

namespace fwprobe::monitor {

enum class EventKind : std::uint8_t {
  failed,
  warned,
  changed,   ///< as bad as before, for another reason
  flapping,  ///< many changes within an hour
  flapped,   ///< changed, and changed back before it was told
  recovered,
};
inline constexpr std::size_t event_kinds = 6;
std::string_view name(EventKind kind);

struct Told {
  EventKind kind = EventKind::changed;
  Event event;              ///< from the first to the last
  std::size_t changes = 1;  ///< that it is made of
};

struct Digest {
  std::vector<Told> told;  ///< in the order of EventKind, then of time
  std::array<std::size_t, event_kinds> count{};
  std::map<std::string_view, std::size_t> causes;  ///< of what is not well now, by code

  /// "3 failed, 1 recovered".
  std::string title() const;
};

Digest digest_of(std::vector<Event> events);

/// "PASS", "FAIL tcp.filtered", "FAIL tcp.rejected, as expected".
std::string verdict_text(const Verdict& verdict);

}  // namespace fwprobe::monitor
