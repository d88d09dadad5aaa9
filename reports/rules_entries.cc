#include "reports/rules_entries.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/escape.h"

namespace fwprobe::reports {
namespace {

using checks::EntryPart;
using checks::EntryResult;
using checks::EntryVerdict;

constexpr std::size_t most_in_line = 4;

std::string first_of(const std::vector<std::string>& all) {
  const auto text =
      fmt::format("{}", fmt::join(std::span{all}.first(std::min(most_in_line, all.size())), ", "));
  return all.size() > most_in_line ? fmt::format("{} and {} more", text, all.size() - most_in_line) : text;
}

/// Whatever is shorter: they, or the others.
std::string from(const EntryPart& part) {
  return part.other_sources.prefixes().size() < part.sources.prefixes().size()
             ? "from all but " + some_of(part.other_sources)
             : "from " + some_of(part.sources);
}

/// "port 22", "192.0.2.0/25 ports 80, 8000-8010 from 10.1.0.0/16".
std::string words(const EntryPart& part) {
  std::vector<std::string> all;
  if (!part.destinations.empty()) all.push_back(some_of(part.destinations));
  if (!part.ports.empty()) {
    const auto ports = checks::range_texts(part.ports);
    const bool one = ports.size() == 1 && !ports.front().contains('-');
    all.push_back(fmt::format("{} {}", one ? "port" : "ports", fmt::join(ports, ", ")));
  }
  if (!part.sources.empty()) all.push_back(from(part));
  return fmt::format("{}", fmt::join(all, " "));
}

void add_parts(std::string_view title, const std::vector<EntryPart>& parts, std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < std::min(most_in_line, parts.size()); ++i)
    lines.push_back(fmt::format("{}: {}", title, words(parts[i])));
  if (parts.size() > most_in_line)
    lines.push_back(fmt::format("{}: {} more parts", title, parts.size() - most_in_line));
}

std::vector<std::string> lines_of(const EntryResult& result) {
  std::vector<std::string> lines;
  if (!result.reason.empty()) lines.push_back(result.reason);
  if (result.verdict == EntryVerdict::partly) {
    constexpr std::string_view stopped = "does not get through";
    constexpr std::string_view undecided = "cannot be told";
    if (result.stopped.empty()) {
      lines.push_back(fmt::format("{}: {}", stopped, some_of(result.missing)));
      if (!result.open.empty()) lines.push_back(fmt::format("{}: {}", undecided, some_of(result.open)));
    }
    add_parts("gets through", result.through, lines);
    add_parts(stopped, result.stopped, lines);
    add_parts(undecided, result.undecided, lines);
  }
  for (const auto& rule : result.rules) lines.push_back(rule_text(rule));
  if (lines.empty()) lines.emplace_back("no rule stops it");
  return lines;
}

std::string name_of(const EntryResult& result) {
  const auto* prefix = std::get_if<allowlist::Prefix>(&result.entry->what);
  return prefix != nullptr ? checks::text(*prefix) : rule_text(result.entry->published);
}

/// Entries with one answer.
struct Block {
  std::size_t place;  ///< of the first of them
  EntryVerdict verdict;
  std::vector<std::string> lines;
  std::vector<std::string> names;

  std::string title() const {
    return names.size() == 1 ? names.front() : fmt::format("{} entries", names.size());
  }
};

std::vector<Block> blocks_of(const std::vector<EntryResult>& results) {
  std::vector<Block> blocks;
  std::map<std::pair<EntryVerdict, std::vector<std::string>>, std::size_t> known;
  for (const auto& result : results) {
    auto lines = lines_of(result);
    const auto [place, fresh] = known.try_emplace({result.verdict, lines}, blocks.size());
    if (results.size() <= most_listed || fresh)
      blocks.push_back({blocks.size(), result.verdict, std::move(lines), {name_of(result)}});
    else
      blocks[place->second].names.push_back(name_of(result));
  }
  if (results.size() > most_listed)
    std::ranges::sort(blocks, [](const Block& a, const Block& b) {
      return std::pair{b.verdict, a.place} < std::pair{a.verdict, b.place};
    });
  return blocks;
}

}  // namespace

std::string rules_entries(const std::vector<EntryResult>& results) {
  auto blocks = blocks_of(results);
  const auto more = blocks.size() - std::min(blocks.size(), most_listed);
  blocks.resize(blocks.size() - more);
  std::size_t width = 20;
  for (const auto& block : blocks) width = std::max(width, block.title().size());
  std::string text;
  for (auto& block : blocks) {
    auto start = fmt::format("{:<11} {:<{}} ", name(block.verdict), block.title(), width);
    if (block.names.size() > 1) block.lines.push_back(first_of(block.names));
    for (const auto& line : block.lines) {
      text += start + line + "\n";
      start.assign(start.size(), ' ');
    }
  }
  if (more > 0) text += fmt::format("… and {} more answers; --format json lists all\n", more);
  return text;
}

std::string some_of(const allowlist::PrefixSet& set) {
  std::vector<std::string> texts;
  for (const auto& prefix : set.prefixes()) texts.push_back(checks::text(prefix));
  return first_of(texts);
}

std::string rule_text(std::string_view text) {
  constexpr std::size_t longest_line = 400;
  return printable(text, longest_line);
}

}  // namespace fwprobe::reports
