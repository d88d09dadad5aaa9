#include <algorithm>

#include <nlohmann/json.hpp>

#include "monitor/notices/render.h"
#include "reports/value_text.h"
#include "version.h"

namespace fwprobe::monitor {

std::string render_webhook(const Digest& digest, const Board& board, std::string_view receiver,
                           probe::WallClock::time_point now) {
  using Json = nlohmann::ordered_json;
  Json counts = Json::object(), causes = Json::object(), changes = Json::array();
  for (std::size_t i = 0; i < event_kinds; ++i)
    counts[std::string{name(static_cast<EventKind>(i))}] = digest.count.at(i);
  for (const auto& [code, count] : digest.causes) causes[std::string{code}] = count;
  const auto listed = std::min(digest.told.size(), listed_by_webhook);
  for (std::size_t i = 0; i < listed; ++i) {
    const auto& told = digest.told[i];
    auto change = event_json(told.event);
    change["kind"] = name(told.kind);
    change["changes"] = told.changes;
    if (const auto link = link_to(board, told.event.id); !link.empty()) change["link"] = link;
    changes.push_back(std::move(change));
  }
  const Json message{{"schema", "fwprobe/notice/v1"},
                     {"tool", {{"name", "fwprobe"}, {"version", FWPROBE_VERSION}}},
                     {"receiver", receiver},
                     {"sent_at", reports::rfc3339(now)},
                     {"vantage", {{"host", board.host}, {"site", board.plan.site}}},
                     {"title", digest.title()},
                     {"counts", std::move(counts)},
                     {"causes", std::move(causes)},
                     {"changes", std::move(changes)},
                     {"not_listed", digest.told.size() - listed}};
  return message.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace fwprobe::monitor
