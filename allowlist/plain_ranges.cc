#include "allowlist/plain_ranges.h"

#include <algorithm>
#include <utility>

#include "allowlist/address_text.h"
#include "allowlist/plain_lines.h"
#include "allowlist/publication.h"

namespace fwprobe::allowlist {

/// Room for all lines when they are like the first `read` bytes: a vector that grows leaves memory behind
/// that stays resident.
void PlainRanges::reserve_like(std::size_t read) {
  const auto times = std::exchange(bytes_, 0) / read;
  const auto for_all = [&](std::size_t count) { return count * (times + 1) + count * times / 16; };
  v4_.reserve(for_all(v4_.size()));
  v6_.reserve(for_all(v6_.size()));
}

std::optional<Complaint> PlainRanges::add(std::string_view lines) {
  const auto read = lines.size();
  while (!lines.empty()) {
    // Nearly every line of a long list is an IPv4 prefix and nothing else.
    const auto leading = leading_ipv4(lines);
    if (leading.length > 0 && lines.size() > leading.length && lines[leading.length] == '\n') {
      v4_.push_back(leading.range);
      host_bits_ += leading.host_bits ? 1U : 0U;
      lines.remove_prefix(leading.length + 1);
      ++line_;
      continue;
    }
    const auto end = std::min(lines.find('\n'), lines.size());
    const auto line = lines.substr(0, end);
    // And most of the others are one of IPv6.
    if (const auto range = read_range(line); range && range->ipv6 && !is_mapped(*range)) {
      v6_.push_back({range->first, range->last});
      host_bits_ += range->host_bits ? 1U : 0U;
    } else if (auto complaint = add_line(line)) {
      return complaint;
    }
    lines.remove_prefix(std::min(end + 1, lines.size()));
    ++line_;
  }
  if (bytes_ > read && read > 0) reserve_like(read);
  return std::nullopt;
}

std::optional<Complaint> PlainRanges::add_line(std::string_view line) {
  if (auto wrong = no_utf8(line)) return Complaint{{line_, wrong->place.column}, std::move(wrong->message)};
  const auto found = PlainLines{line, line_}.next();
  if (!found) return std::nullopt;
  const auto range = parse_range(found->text);
  if (!range) return Complaint{found->place, range.error()};
  host_bits_ += range->host_bits ? 1U : 0U;
  if (range->ipv6)
    v6_.push_back({range->first, range->last});
  else
    v4_.push_back({static_cast<std::uint32_t>(range->first), static_cast<std::uint32_t>(range->last)});
  return std::nullopt;
}

PrefixSet PlainRanges::take() && { return {Ranges4{std::move(v4_)}, Ranges6{std::move(v6_)}}; }

}  // namespace fwprobe::allowlist
