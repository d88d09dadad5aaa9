#include "monitor/web/standing.h"

#include <algorithm>

#include <fmt/format.h>

#include "text/ascii.h"

namespace fwprobe::monitor {

using checks::Status;

std::optional<Verdict> verdict_of(const TargetState& state) {
  if (state.confirmed) return state.confirmed;
  if (!state.last) return std::nullopt;
  return verdict_of(*state.last);
}

Standing standing_of(const std::optional<Verdict>& verdict) {
  if (!verdict) return Standing::pending;
  if (verdict->status == Status::error) return Standing::unmeasured;
  if (!verdict->as_expected) return Standing::wrong;
  return verdict->status == Status::warn ? Standing::warned : Standing::well;
}

std::string_view name(Standing standing) {
  switch (standing) {
    case Standing::wrong:
      return "wrong";
    case Standing::unmeasured:
      return "unmeasured";
    case Standing::warned:
      return "warned";
    case Standing::pending:
      return "pending";
    case Standing::well:
      break;
  }
  return "well";
}

std::string_view words(Standing standing) {
  switch (standing) {
    case Standing::wrong:
      return "not as expected";
    case Standing::unmeasured:
      return "could not be measured";
    case Standing::warned:
      return "as expected, with a warning";
    case Standing::pending:
      return "not measured yet";
    case Standing::well:
      break;
  }
  return "as expected";
}

Status sign_of(Standing standing) {
  switch (standing) {
    case Standing::wrong:
      return Status::fail;
    case Standing::unmeasured:
      return Status::error;
    case Standing::warned:
      return Status::warn;
    case Standing::pending:
      return Status::skip;
    case Standing::well:
      break;
  }
  return Status::pass;
}

std::expected<Selection, Answer> read_selection(const Request& request) {
  Selection selection;
  // A form sends what is not chosen as an empty value.
  if (const auto group = request.parameter("group"); !group.empty()) selection.group = group;
  if (const auto tag = request.parameter("tag"); !tag.empty()) selection.tag = tag;
  const auto state = request.parameter("state");
  if (state.empty()) return selection;
  const auto* const found = std::ranges::find(standings, state, [](Standing one) { return name(one); });
  if (found == standings.end())
    return std::unexpected{
        plain(400, "unknown state; there are wrong, unmeasured, warned, pending and well")};
  selection.standing = *found;
  return selection;
}

Selected select(const Board& board, const Selection& selection) {
  std::array<std::vector<std::size_t>, standings.size()> by_standing;
  Selected selected;
  for (std::size_t place = 0; place < board.plan.targets.size(); ++place) {
    const auto& target = board.plan.targets[place];
    if (selection.group && target.group != *selection.group) continue;
    if (selection.tag && std::ranges::find(target.tags, *selection.tag) == target.tags.end()) continue;
    const auto standing = standing_of(verdict_of(board.states[place]));
    ++selected.counts[static_cast<std::size_t>(standing)];
    if (selection.standing && standing != *selection.standing) continue;
    by_standing[static_cast<std::size_t>(standing)].push_back(place);
  }
  for (const auto& places : by_standing)
    selected.places.insert(selected.places.end(), places.begin(), places.end());
  return selected;
}

std::expected<std::size_t, Answer> read_number(const Request& request, std::string_view name,
                                               std::size_t least, std::size_t most, std::size_t otherwise) {
  const auto text = request.parameter(name);
  if (text.empty()) return otherwise;
  const auto number = whole_number<std::size_t>(text);
  if (!number || *number < least || *number > most)
    return std::unexpected{plain(400, fmt::format("{} is a number from {} to {}", name, least, most))};
  return *number;
}

}  // namespace fwprobe::monitor
