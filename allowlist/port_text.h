#pragma once
// Ports as lists and options write them.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "allowlist/allowlist.h"
#include "allowlist/flow_set.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {

/// A number from 1 to 65535.
inline std::optional<std::uint16_t> read_port(std::string_view text) {
  const auto port = whole_number<std::uint16_t>(text);
  return port == 0 ? std::nullopt : port;
}

/// "443", "8000-8100"; `blanks` may stand around each number. Nothing for a range that runs backwards.
inline std::optional<PortRange> read_port_range(std::string_view text, std::string_view blanks = {}) {
  const auto dash = text.find('-');
  const auto first = read_port(trimmed(text.substr(0, dash), blanks));
  const auto last =
      dash == std::string_view::npos ? first : read_port(trimmed(text.substr(dash + 1), blanks));
  if (!first || !last || *last < *first) return std::nullopt;
  return PortRange{*first, *last};
}

/// "tcp" or "udp".
inline std::string_view protocol_name(Protocol protocol) { return protocol == Protocol::udp ? "udp" : "tcp"; }

/// "443", "8000-8100"; `dash` between the ends.
inline std::string text(const PortRange& range, std::string_view dash = "-") {
  return range.first == range.last ? fmt::format("{}", range.first)
                                   : fmt::format("{}{}{}", range.first, dash, range.last);
}

inline Ports port_set(std::span<const PortRange> ranges) {
  std::vector<Ports::Item> items;
  for (const auto& range : ranges) items.push_back({range.first, range.last});
  return Ports{std::move(items)};
}

}  // namespace fwprobe::allowlist
