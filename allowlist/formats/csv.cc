// CSV with a header: a column of prefixes; one of ports and one of protocols where there are; others are
// filter keys.

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/formats/format.h"
#include "allowlist/port_text.h"
#include "allowlist/rules/csv_table.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

constexpr std::array<std::string_view, 10> prefix_columns{
    "prefix", "cidr", "network", "ip_prefix", "address", "ip", "ip_address", "range", "subnet", "addresses"};

bool is_prefix_column(std::string_view name) {
  return std::ranges::find(prefix_columns, ascii_lower(name)) != prefix_columns.end();
}

/// "443", "22 8000-8100", "443;22": an empty cell is any port.
std::expected<std::vector<PortRange>, Complaint> ports(const CsvCell& cell) {
  std::vector<PortRange> found;
  std::string_view rest = cell.text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of(" ;"), rest.size());
    const auto word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (word.empty()) continue;
    const auto range = read_port_range(word);
    if (!range)
      return std::unexpected{Complaint{
          cell.place,
          fmt::format("{} is neither a port from 1 to 65535 nor a range such as 8000-8100", excerpt(word))}};
    found.push_back(*range);
  }
  return found;
}

/// Which column is what.
struct Columns {
  std::size_t prefix = 0;
  std::optional<std::size_t> ports, protocol;
};

std::optional<Columns> columns(const CsvRow& header) {
  const auto at = std::ranges::find_if(header, is_prefix_column, &CsvCell::text);
  if (at == header.end()) return std::nullopt;
  Columns found{static_cast<std::size_t>(at - header.begin()), {}, {}};
  for (std::size_t i = 0; i < header.size(); ++i) {
    const auto name = ascii_lower(header[i].text);
    if (name == "port" || name == "ports") found.ports = i;
    if (name == "protocol") found.protocol = i;
  }
  return found;
}

std::expected<Group, Complaint> group_of(const CsvRow& header, const Columns& column, const CsvRow& row) {
  if (row.size() != header.size())
    return std::unexpected{Complaint{
        row.front().place, fmt::format("{} cells, and the header has {}", row.size(), header.size())}};
  Group group;
  const auto& prefix = row[column.prefix];
  if (prefix.text.empty()) return std::unexpected{Complaint{prefix.place, "the prefix is missing"}};
  group.prefixes.push_back({prefix.text, nullptr, prefix.place});
  const auto protocol = column.protocol ? ascii_lower(row[*column.protocol].text) : std::string{"tcp"};
  if (protocol != "tcp" && protocol != "udp" && !protocol.empty())
    return std::unexpected{
        Complaint{row[*column.protocol].place, fmt::format("{} is neither tcp nor udp", excerpt(protocol))}};
  auto listed = column.ports ? ports(row[*column.ports]) : std::vector<PortRange>{};
  if (!listed) return std::unexpected{std::move(listed.error())};
  if (protocol == "udp" && listed->empty()) listed->push_back({1, 65535});
  (protocol == "udp" ? group.udp : group.tcp) = std::move(*listed);
  for (std::size_t i = 0; i < row.size(); ++i)
    if (i != column.prefix && i != column.ports && i != column.protocol && !row[i].text.empty())
      group.attributes.push_back({header[i].text, row[i].text});
  return group;
}

}  // namespace

bool is_csv_header(std::string_view line) {
  bool found = false;
  while (!line.empty()) {
    const auto comma = std::min(line.find(','), line.size());
    auto name = line.substr(0, comma);
    constexpr std::string_view around = " \t\r\"";
    const auto first = name.find_first_not_of(around);
    name =
        first == std::string_view::npos ? "" : name.substr(first, name.find_last_not_of(around) - first + 1);
    found |= is_prefix_column(name);
    line.remove_prefix(std::min(comma + 1, line.size()));
  }
  return found;
}

ReadPublication read_csv_list(std::string_view text) {
  auto rows = read_csv(text);
  if (!rows) return std::unexpected{rows.error()};
  if (rows->empty()) return std::unexpected{Complaint{{}, "the file is empty"}};
  const auto column = columns(rows->front());
  if (!column)
    return std::unexpected{Complaint{
        rows->front().front().place,
        fmt::format("no column of prefixes: the header has one of {}", fmt::join(prefix_columns, ", "))}};
  for (auto& cell : rows->front()) cell.text = ascii_lower(cell.text);
  Publication publication;
  for (const auto& row : std::span{*rows}.subspan(1)) {
    auto group = group_of(rows->front(), *column, row);
    if (!group) return std::unexpected{std::move(group.error())};
    publication.groups.push_back(std::move(*group));
  }
  publication.table = std::move(*rows);
  return publication;
}

}  // namespace fwprobe::allowlist
