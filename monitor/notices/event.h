#pragma once
// What receivers are told of one target: a change, as it waits on disk until it is sent.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "monitor/board.h"
#include "monitor/store.h"

namespace fwprobe::monitor {

/// How much a verdict asks of people.
enum class Concern : std::uint8_t { none, warning, failure };
/// `failure`: not as the suite expects it, whatever was measured.
Concern concern(const Verdict& verdict);

struct Event {
  std::string id, name, group;
  std::vector<std::string> tags;
  std::string address;  ///< what is asked: "https://azure.example.com/"
  probe::WallClock::time_point at;
  std::optional<Verdict> from;
  Verdict to;
  std::string summary;
  std::string where;  ///< checks::name(Where); empty: not known
  std::optional<int> hop;
  bool flapping = false;  ///< one of many changes within an hour
};

/// So many changes within an hour are told together, twice an hour.
inline constexpr std::size_t flapping_changes = 6;
inline constexpr std::chrono::minutes flapping_slot{30};

/// What waits for the receivers of a change of the target at this place of the plan: nothing when a target is
/// first seen and is as it should be. Alertmanagers are told of states instead (alertmanager.h).
std::vector<Notice> notices_of(const Board& board, std::size_t target, const Change& change);

/// Whether the receiver wants to hear of the target.
bool wants(const Receiver& receiver, const Watched& watched);
/// The target's page, when readers can reach one.
std::string link_to(const Board& board, std::string_view id);

// ---- one element of "changes" in fwprobe/notice/v1 (docs/notice.schema.json), which is also what waits on
// disk

nlohmann::ordered_json event_json(const Event& event);
/// Nothing when the text is not what this version wrote.
std::optional<Event> read_event(std::string_view text);

}  // namespace fwprobe::monitor
