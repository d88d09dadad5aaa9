// CSV with a header: a column of prefixes; one of ports and one of protocols where there are; others are
// filter keys.

#include <algorithm>
#include <optional>
#include <ranges>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/formats/format.h"
#include "allowlist/port_text.h"
#include "allowlist/rules/csv_table.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

/// A kind of column: the names by which it is read, and words in the names of others that look like one.
/// Those would change what an entry lets through, so none is left out unsaid.
struct Kind {
  std::span<const std::string_view> names;
  std::span<const std::string_view> words;
};

constexpr std::string_view prefix_names[] = {"prefix", "cidr",       "network", "ip_prefix", "address",
                                             "ip",     "ip_address", "range",   "subnet",    "addresses"};
constexpr std::string_view port_names[] = {
    "port",     "ports",     "port(s)", "port_range",       "dest_port",        "dest_ports",
    "dst_port", "dst_ports", "dport",   "destination_port", "destination_ports"};
constexpr std::string_view port_words[] = {"port",    "ports",    "port(s)",  "dport",   "dports",
                                           "sport",   "sports",   "dstport",  "srcport", "destport",
                                           "tcpport", "tcpports", "udpports", "udpport", "portrange"};
constexpr std::string_view protocol_names[] = {"protocol", "proto", "ip_protocol", "protocol_name"};
constexpr std::string_view protocol_words[] = {"protocol", "protocols", "proto", "transport"};
constexpr std::string_view direction_names[] = {"direction"};
/// Half of a prefix, whose other half would be read as addresses.
constexpr std::string_view mask_words[] = {"mask",    "masks",  "netmask", "subnetmask", "wildcard",
                                           "masklen", "length", "len",     "prefixlen",  "bits"};

constexpr Kind prefix_kind{prefix_names, {}};
constexpr Kind port_kind{port_names, port_words};
constexpr Kind protocol_kind{protocol_names, protocol_words};
constexpr Kind direction_kind{direction_names, direction_names};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// "Destination Port", "destination-port" and "destinationPort" as "destination_port".
std::string key_of(std::string_view name) {
  std::string key;
  char before = '_';
  for (const char c : name) {
    const bool hump = 'A' <= c && c <= 'Z' && 'a' <= before && before <= 'z';
    if (hump) key += '_';
    key += c == ' ' || c == '-' || c == '/' ? '_' : ascii_lower(c);
    before = c;
  }
  return key;
}

/// Whether one of the words stands in the key.
bool has_word(std::string_view key, std::span<const std::string_view> words) {
  return std::ranges::any_of(key | std::views::split('_'),
                             [&](const auto part) { return is_one_of(words, std::string_view{part}); });
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
  std::optional<std::size_t> ports, protocol, direction;
  bool is_known(std::size_t i) const { return i == prefix || i == ports || i == protocol || i == direction; }
};

/// The column of this kind; of two, neither can be taken for the right one.
std::expected<std::optional<std::size_t>, Complaint> column(const CsvRow& header, const Kind& kind) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const auto key = key_of(header[i].text);
    if (!is_one_of(kind.names, key)) {
      if (has_word(key, kind.words))
        return std::unexpected{Complaint{
            header[i].place, fmt::format("the column {} is not read, but would change what is let through; "
                                         "call it {}, or leave it out",
                                         excerpt(header[i].text), kind.names.front())}};
      continue;
    }
    if (found)
      return std::unexpected{
          Complaint{header[i].place, fmt::format("{} and {} are columns of the same; leave one of them",
                                                 excerpt(header[*found].text), excerpt(header[i].text))}};
    found = i;
  }
  return found;
}

std::expected<Columns, Complaint> columns(const CsvRow& header) {
  for (const auto& cell : header)
    if (has_word(key_of(cell.text), mask_words))
      return std::unexpected{Complaint{
          cell.place, fmt::format("a column of masks ({}) is not read; write prefixes as 192.0.2.0/24",
                                  excerpt(cell.text))}};
  const auto prefix = column(header, prefix_kind), ports = column(header, port_kind),
             protocol = column(header, protocol_kind), direction = column(header, direction_kind);
  for (const auto* found : {&prefix, &ports, &protocol, &direction})
    if (!*found) return std::unexpected{found->error()};
  if (!*prefix)
    return std::unexpected{Complaint{
        header.front().place,
        fmt::format("no column of prefixes: the header has one of {}", fmt::join(prefix_names, ", "))}};
  return Columns{**prefix, *ports, *protocol, *direction};
}

std::expected<Use, Complaint> use_of(const CsvCell& cell) {
  const auto word = ascii_lower(cell.text);
  if (word.empty()) return Use::both;
  if (word == "inbound") return Use::inbound;
  if (word == "outbound") return Use::outbound;
  return std::unexpected{
      Complaint{cell.place, fmt::format("{} is neither inbound (sources to let in) nor outbound "
                                        "(destinations to reach)",
                                        excerpt(cell.text))}};
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
  if (protocol == "udp")
    group.udp = std::move(*listed);
  else
    group.tcp = std::move(*listed);
  if (column.direction) {
    const auto use = use_of(row[*column.direction]);
    if (!use) return std::unexpected{use.error()};
    group.use = *use;
  }
  for (std::size_t i = 0; i < row.size(); ++i)
    if (!column.is_known(i) && !row[i].text.empty())
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
    found |= is_one_of(prefix_names, key_of(name));
    line.remove_prefix(std::min(comma + 1, line.size()));
  }
  return found;
}

ReadPublication read_csv_list(std::string_view text) {
  auto rows = read_csv(text);
  if (!rows) return std::unexpected{rows.error()};
  if (rows->empty()) return std::unexpected{Complaint{{}, "the file is empty"}};
  const auto column = columns(rows->front());
  if (!column) return std::unexpected{column.error()};
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
