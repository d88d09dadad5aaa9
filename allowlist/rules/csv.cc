#include "allowlist/rules/csv.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/rules/csv_table.h"
#include "allowlist/rules/flow_words.h"
#include "allowlist/rules/platform.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

enum class Column : std::uint8_t { action, direction, source, destination, protocol, port, name };
constexpr std::size_t columns = 7;

struct Word {
  std::string_view word;
  Column column;
};
constexpr Word headings[] = {{"action", Column::action},     {"direction", Column::direction},
                             {"source", Column::source},     {"destination", Column::destination},
                             {"protocol", Column::protocol}, {"port", Column::port},
                             {"ports", Column::port},        {"name", Column::name}};

template <typename Value>
struct Meaning {
  std::string_view word;
  Value value;
};
constexpr Meaning<Verdict> actions[] = {{"allow", Verdict::accept},  {"accept", Verdict::accept},
                                        {"permit", Verdict::accept}, {"drop", Verdict::drop},
                                        {"deny", Verdict::drop},     {"block", Verdict::drop},
                                        {"reject", Verdict::reject}, {"refuse", Verdict::reject}};
constexpr Meaning<Direction> directions[] = {
    {"in", Direction::inbound},   {"inbound", Direction::inbound},   {"ingress", Direction::inbound},
    {"out", Direction::outbound}, {"outbound", Direction::outbound}, {"egress", Direction::outbound}};

/// Of each column, its place in a row.
using Places = std::array<std::optional<std::size_t>, columns>;

std::unexpected<Complaint> complain(const CsvCell& cell, std::string message) {
  return std::unexpected{Complaint{cell.place, std::move(message)}};
}

std::expected<Places, Complaint> read_header(const CsvRow& header) {
  Places places;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const auto& cell = header[i];
    const auto* row = std::ranges::find(headings, ascii_lower(cell.text), &Word::word);
    if (row == std::end(headings))
      return complain(cell, fmt::format("{} is no column; they are action, direction, source, destination, "
                                        "protocol, port and name, with commas between",
                                        excerpt(cell.text)));
    auto& place = places.at(std::to_underlying(row->column));
    if (place) return complain(cell, fmt::format("the column {} is there twice", row->word));
    place = i;
  }
  for (const auto& heading : headings)
    if (heading.column != Column::name && !places.at(std::to_underlying(heading.column)))
      return complain(header.front(), fmt::format("the column {} is missing", heading.word));
  return places;
}

template <typename Value, std::size_t n>
std::expected<Value, Complaint> one_of(const Meaning<Value> (&meanings)[n], const CsvCell& cell) {
  const auto* row = std::ranges::find(meanings, ascii_lower(cell.text), &Meaning<Value>::word);
  if (row != std::end(meanings)) return row->value;
  std::vector<std::string_view> words;
  for (const auto& meaning : meanings) words.push_back(meaning.word);
  return complain(cell, fmt::format("{} should be one of {}", excerpt(cell.text), fmt::join(words, ", ")));
}

/// The union of a cell's values, which spaces, commas or semicolons separate.
template <typename Set>
std::expected<Set, Complaint> all_of(const CsvCell& cell,
                                     std::expected<Set, std::string> (*parse)(std::string_view)) {
  constexpr std::string_view separators = " \t,;";
  std::vector<Set> all;
  std::string_view rest = cell.text;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(separators), rest.size()));
    if (rest.empty()) break;
    const auto word = rest.substr(0, rest.find_first_of(separators));
    auto value = parse(word);
    if (!value) return complain(cell, value.error());
    all.push_back(std::move(*value));
    rest.remove_prefix(word.size());
  }
  if (all.empty()) return complain(cell, "the cell is empty; write any for all");
  return united(std::move(all));
}

/// What each row says, or what is wrong with one of its cells.
class RowReader {
 public:
  RowReader(const Places& places, const CsvRow& row) : places_{places}, row_{row} {}

  const CsvCell& cell(Column column) const { return row_.at(*places_.at(std::to_underlying(column))); }

  std::expected<Direction, Complaint> direction() const {
    return one_of(directions, cell(Column::direction));
  }

  std::expected<PlatformRule, Complaint> rule() const {
    PlatformRule rule;
    const auto verdict = one_of(actions, cell(Column::action));
    if (!verdict) return std::unexpected{verdict.error()};
    rule.outcome.verdict = *verdict;
    for (const auto& [column, addresses] :
         {std::pair{Column::source, &rule.sources}, {Column::destination, &rule.destinations}}) {
      const auto prefixes = all_of(cell(column), parse_addresses_word);
      if (!prefixes) return std::unexpected{prefixes.error()};
      addresses->add(*prefixes);
    }
    auto protocols = all_of(cell(Column::protocol), parse_protocol_word);
    if (!protocols) return std::unexpected{std::move(protocols.error())};
    auto ports = all_of(cell(Column::port), parse_ports_word);
    if (!ports) return std::unexpected{std::move(ports.error())};
    if (!ports->is_all() && !have_ports(*protocols))
      return complain(cell(Column::port), "this protocol has no ports; write any");
    rule.protocols = std::move(*protocols);
    rule.ports = std::move(*ports);
    rule.name.line = row_.front().place.line;
    if (places_.at(std::to_underlying(Column::name))) rule.name.name = cell(Column::name).text;
    if (rule.name.name.empty()) rule.name.name = fmt::format("line {}", rule.name.line);
    return rule;
  }

 private:
  const Places& places_;
  const CsvRow& row_;
};

}  // namespace

bool is_csv(std::string_view text) {
  while (text.starts_with('#') || text.starts_with('\n') || text.starts_with('\r'))
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const auto header = ascii_lower(text.substr(0, text.find('\n')));
  return !header.starts_with('{') && !header.starts_with('[') && header.contains("action") &&
         header.contains("source");
}

std::expected<Ruleset, Complaint> read_csv_rules(std::string_view text, const RulesView& view) {
  if (auto unknown = unknown_selector(view.selectors, {})) return std::unexpected{std::move(*unknown)};
  const auto rows = read_csv(text);
  if (!rows) return std::unexpected{rows.error()};
  if (rows->empty()) return std::unexpected{Complaint{{}, "the file has no header"}};
  const auto places = read_header(rows->front());
  if (!places) return std::unexpected{places.error()};
  Ruleset ruleset;
  ruleset.path = Path::platform;
  Chain inbound;
  inbound.name = "inbound";
  inbound.line = rows->front().front().place.line;
  inbound.base = deny_the_rest(Hook::input);
  Chain outbound;
  outbound.name = "outbound";
  outbound.line = inbound.line;
  outbound.base = deny_the_rest(Hook::output);
  for (const auto& row : std::span{*rows}.subspan(1)) {
    if (row.size() != rows->front().size())
      return complain(row.front(),
                      fmt::format("{} cells, and the header has {}; put a cell with commas in quotes",
                                  row.size(), rows->front().size()));
    const RowReader reader{*places, row};
    const auto direction = reader.direction();
    if (!direction) return std::unexpected{direction.error()};
    const auto rule = reader.rule();
    if (!rule) return std::unexpected{rule.error()};
    append((*direction == Direction::inbound ? inbound : outbound).rules, *rule);
  }
  for (auto* chain : {&inbound, &outbound}) chain->base->policy_name = "the end of the rows";
  ruleset.chains = {std::move(inbound), std::move(outbound)};
  // So spreadsheets write it, and so a file ends that was cut short.
  if (!text.ends_with('\n'))
    ruleset.notes.push_back({rows->back().front().place.line,
                             "the last line has no end; if the file was cut short, more is missing",
                             {}});
  return ruleset;
}

}  // namespace fwprobe::allowlist
