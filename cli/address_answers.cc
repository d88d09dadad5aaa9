#include "cli/address_answers.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "allowlist/plain_lines.h"
#include "allowlist/port_text.h"
#include "reports/escape.h"

namespace fwprobe::cli {
namespace {

using allowlist::Entry;

/// Short texts are copied in pieces of this size, without a call for each; they have as much room behind
/// them.
constexpr std::size_t room = 16;

/// Servers that listen on IPv6 log the addresses of IPv4 in its form.
allowlist::NumberRange as_ipv4_if_mapped(allowlist::NumberRange address) {
  if (!allowlist::is_mapped(address)) return address;
  const auto number = static_cast<std::uint32_t>(address.first);
  return {number, number, false, false};
}

}  // namespace

std::expected<Asked, std::string> parse_asked(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return std::unexpected{fmt::format("'{}' {}; write 192.0.2.1, 192.0.2.1:443 or [2001:db8::1]:443",
                                       reports::printable(text, 100), why)};
  };
  Asked asked;
  auto address = text;
  std::string_view port;
  const auto colon = text.rfind(':');
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return wrong("has no ']'");
    address = text.substr(1, end - 1);
    if (end + 1 < text.size() && text[end + 1] != ':') return wrong("is not an address");
    port = text.substr(std::min(end + 2, text.size()));
    if (end + 1 < text.size() && port.empty()) return wrong("has no port behind ':'");
  } else if (colon != std::string_view::npos && text.find(':') == colon) {
    address = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.empty()) return wrong("has no port behind ':'");
  }
  const auto range = allowlist::read_range(address);
  if (!range || range->first != range->last || address.contains('/') || address.contains('-'))
    return wrong("is not an address");
  asked.address = as_ipv4_if_mapped(*range);
  if (!port.empty()) {
    const auto number = allowlist::read_port(port);
    if (!number) return wrong("has no port from 1 to 65535");
    asked.port = *number;
  }
  return asked;
}

std::string_view Endings::of(const Entry& entry) {
  auto& place = places_[static_cast<std::size_t>(&entry - entries_.data())];
  if (place.length == 0) place = make(entry);
  return std::string_view{all_}.substr(place.begin, place.length);
}

Endings::Place Endings::make(const Entry& entry) {
  const auto begin = all_.size() - std::min(all_.size(), room);
  all_.resize(begin);
  all_ += reports::printable(entry.published);
  if (!entry.purpose.empty()) all_.append("\t").append(reports::printable(entry.purpose));
  all_ += '\n';
  const auto length = all_.size() - begin;
  all_.append(room, '\0');
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(length)};
}

void LineBuffer::append(std::string_view line) {
  make_space(line.size());
  std::ranges::copy(line, bytes_.data() + used_);
  used_ += line.size();
}

void LineBuffer::append(const std::array<std::string_view, 4>& parts) {
  std::size_t size = room;
  for (const auto part : parts) size += part.size();
  make_space(size);
  auto* to = bytes_.data() + used_;
  for (const auto part : parts) {
    for (std::size_t at = 0; at < part.size(); at += room) std::memcpy(to + at, part.data() + at, room);
    to += part.size();
  }
  used_ = static_cast<std::size_t>(to - bytes_.data());
}

void LineBuffer::make_space(std::size_t size) {
  if (size > bytes_.size() - used_) bytes_.resize(2 * bytes_.size() + size);
}

void Answers::add(std::string_view text, const Asked& asked) {
  const auto& [address, port] = asked;
  const auto v4 = static_cast<std::uint32_t>(address.first);
  const auto found = address.ipv6 ? index_.find(address.first) : index_.find(v4);
  const auto* holder = address.ipv6 ? index_.holder(address.first, port) : index_.holder(v4, port);
  all_ &= holder != nullptr;
  if (!found.entry)
    lines_.append(fmt::format("no\t{}\tno {} prefix is listed\n", text, address.ipv6 ? "IPv6" : "IPv4"));
  else if (holder)
    lines_.append(fmt::format("yes\t{}\t{}", text, endings_.of(*holder)));
  else
    lines_.append(fmt::format("no\t{}\t{}{}", text, found.holds ? "with other ports in " : "nearest ",
                              endings_.of(*found.entry)));
}

/// The same without a port, for `text` with room behind it; false when nothing is listed. Of random addresses
/// any branch would be mispredicted.
template <typename Value>
bool Answers::add_quickly(std::string_view text, Value address) {
  static constexpr char words[2][room + 4] = {"no\t", "yes\t"};
  static constexpr char relations[2][room + 10] = {"\tnearest ", "\t"};
  const auto found = index_.find(address);
  if (!found.entry) return false;
  const std::size_t yes = found.holds ? 1 : 0;
  all_ &= found.holds;
  lines_.append({{{words[yes], 3 + yes}, text, {relations[yes], yes ? 1U : 9U}, endings_.of(*found.entry)}});
  return true;
}

/// The address that a line is, when it is nothing else, as nearly all are: answers it and gives its length.
std::size_t Answers::add_plain_line(std::string_view text) {
  const auto is_line = [&](std::size_t length) {
    return length > 0 && length + room <= text.size() && text[length] == '\n';
  };
  if (const auto v4 = allowlist::leading_ipv4(text); v4.length > 0) {
    const bool alone = is_line(v4.length) && !v4.is_prefix;
    return alone && add_quickly(text.substr(0, v4.length), v4.range.first) ? v4.length : 0;
  }
  const auto v6 = allowlist::leading_ipv6(text);
  const bool alone = is_line(v6.length) && !allowlist::is_mapped({v6.address, v6.address, true, false});
  return alone && add_quickly(text.substr(0, v6.length), v6.address) ? v6.length : 0;
}

Answers::Read Answers::add_lines(std::string_view lines) {
  int number = 0;
  while (!lines.empty()) {
    ++number;
    if (const auto length = add_plain_line(lines); length > 0) {
      lines.remove_prefix(length + 1);
      continue;
    }
    const auto end = lines.find('\n');
    const auto line = allowlist::PlainLines{lines.substr(0, end)}.next();
    lines.remove_prefix(end + 1);
    if (!line) continue;
    const auto asked = parse_asked(line->text);
    if (!asked) return {number, asked.error()};
    add(line->text, *asked);
  }
  return {number};
}

std::vector<std::string_view> parts_of_lines(std::string_view lines, std::size_t most) {
  constexpr std::size_t few = 32 * 1024;  // bytes that take about as long as starting a thread
  std::vector<std::string_view> parts;
  for (auto left = std::clamp<std::size_t>(lines.size() / few, 1, most); left > 1; --left) {
    const auto end = lines.find('\n', lines.size() / left) + 1;
    parts.push_back(lines.substr(0, end));
    lines.remove_prefix(end);
  }
  parts.push_back(lines);
  return parts;
}

}  // namespace fwprobe::cli
