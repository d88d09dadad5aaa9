#pragma once
// The cause codes and the one table that explains them (causes.inc).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fwprobe::checks {

enum class Cause : std::uint8_t {
#define CAUSE(layer, reason, ...) layer##_##reason,
#include "checks/causes.inc"
#undef CAUSE
};

/// Who can usually fix it.
enum class Responsible : std::uint8_t { network, server, dns, client, vendor };

struct CauseRow {
  Cause cause;
  std::string_view code;  ///< "tcp.filtered"
  Responsible responsible;
  std::string_view title;
  std::string_view meaning;
  std::string_view told_apart;
  std::string_view remedy;
};

std::span<const CauseRow> causes();
const CauseRow& row(Cause cause);
std::optional<Cause> cause_from(std::string_view code);
/// Empty for none.
inline std::string_view code_of(std::optional<Cause> cause) {
  return cause ? row(*cause).code : std::string_view{};
}
std::string_view name(Responsible responsible);

/// What the remedy's placeholders stand for: {"port", "443"}.
using Facts = std::vector<std::pair<std::string_view, std::string>>;

/// The remedy's lines with their placeholders filled; a line that names an unknown fact is left out.
std::vector<std::string> remedy(Cause cause, const Facts& facts);

}  // namespace fwprobe::checks
