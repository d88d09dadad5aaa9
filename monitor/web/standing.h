#pragma once
// How a target stands, in one word: what lists are ordered and filtered by, and what colour it has.

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/board.h"
#include "monitor/web/request.h"

namespace fwprobe::monitor {

/// Worst first.
enum class Standing : std::uint8_t {
  wrong,       ///< it fails, or it passes where it should not
  unmeasured,  ///< it could not be measured
  warned,      ///< as expected, but someone should look
  pending,     ///< not measured yet
  well,
};
inline constexpr std::array standings{Standing::wrong, Standing::unmeasured, Standing::warned,
                                      Standing::pending, Standing::well};

/// What is confirmed; before that, what the last run said.
std::optional<Verdict> verdict_of(const TargetState& state);
Standing standing_of(const std::optional<Verdict>& verdict);
/// The word of queries and of the API: "wrong".
std::string_view name(Standing standing);
/// "not as expected"
std::string_view words(Standing standing);
/// The status whose sign and colour it has.
checks::Status sign_of(Standing standing);

/// Which targets a list shows: ?group=…&tag=…&state=….
struct Selection {
  std::optional<std::string> group, tag;
  std::optional<Standing> standing;
};
/// The error says which states there are.
std::expected<Selection, Answer> read_selection(const Request& request);

struct Selected {
  std::vector<std::size_t> places;                     ///< in the plan, worst first, else in its order
  std::array<std::size_t, standings.size()> counts{};  ///< by standing, whatever standing was selected
};
Selected select(const Board& board, const Selection& selection);

/// A number of the query from `least` to `most`; `otherwise` when it is not there.
std::expected<std::size_t, Answer> read_number(const Request& request, std::string_view name,
                                               std::size_t least, std::size_t most, std::size_t otherwise);

}  // namespace fwprobe::monitor
