#include "checks/explain.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace fwprobe::checks {
namespace {

constexpr std::size_t columns = 80;

std::string_view layer(const CauseRow& row) { return row.code.substr(0, row.code.find('.')); }

/// The layers' headings, in the table's order.
constexpr std::pair<std::string_view, std::string_view> headings[] = {
    {"local", "this machine"},
    {"dns", "the name"},
    {"tcp", "the connection"},
    {"tls", "the handshake and the certificate"},
    {"proxy", "the way through a proxy"},
    {"http", "the request and its response"},
    {"content", "what the responses say"},
    {"api", "the service's own interface"},
    {"ssh", "SSH"},
    {"allowlist", "the published list"},
    {"expect", "what the suite expects"},
};

std::string_view heading(std::string_view name) {
  const auto* at = std::ranges::find(headings, name, &std::pair<std::string_view, std::string_view>::first);
  return at == std::end(headings) ? std::string_view{} : at->second;
}

std::string_view who(Responsible responsible) {
  switch (responsible) {
    case Responsible::network:
      return "whoever runs the network and its firewalls";
    case Responsible::server:
      return "whoever runs the server";
    case Responsible::dns:
      return "whoever runs DNS: the zone or the resolver";
    case Responsible::client:
      return "whoever runs this machine, or made this request";
    case Responsible::vendor:
      return "the publisher of the list";
  }
  return {};
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// The text broken between words; every line but the first begins with `indent` spaces.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string all;
  std::size_t column = indent;
  for (const auto word : split(text, ' ')) {
    if (column > indent && column + 1 + word.size() > columns) {
      all += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      all += ' ';
      ++column;
    }
    all += word;
    column += word.size();
  }
  return all;
}

/// {address} stands for what a report fills in; a page of its own says it in brackets that no shell or
/// Markdown reads.
std::string placeholders_shown(std::string_view text) {
  std::string shown{text};
  std::ranges::replace(shown, '{', '[');
  std::ranges::replace(shown, '}', ']');
  return shown;
}

std::vector<std::string> steps(const CauseRow& row) {
  std::vector<std::string> all;
  for (const auto line : split(row.remedy, '\n')) {
    // A line that is one placeholder has nothing to say before a report fills it.
    if (line.starts_with('{') && line.find('}') == line.size() - 1) continue;
    all.push_back(placeholders_shown(line));
  }
  return all;
}

}  // namespace

std::string explain_text(const CauseRow& row) {
  auto text = fmt::format(
      "{}\n  {}\n\nWhat it means\n  {}\n\nHow it is told apart\n  {}\n\nWho can usually fix it\n  {}\n",
      row.code, wrapped(row.title, 2), wrapped(row.meaning, 2),
      wrapped(placeholders_shown(row.told_apart), 2), who(row.responsible));
  const auto what = steps(row);
  if (!what.empty()) text += "\nWhat to do\n";
  for (const auto& step : what) text += fmt::format("  - {}\n", wrapped(step, 4));
  return text;
}

std::string explain_all() {
  std::string text = "The causes that fwprobe tells apart. 'fwprobe explain CAUSE' prints the page of one.\n";
  std::string_view current;
  for (const auto& row : causes()) {
    if (layer(row) != current) {
      current = layer(row);
      text += fmt::format("\n{}: {}\n", current, heading(current));
    }
    text += fmt::format("  {:<34} {}\n", row.code, row.title);
  }
  return text;
}

std::string causes_markdown(std::string_view extra) {
  auto text = fmt::format("# Causes\n\n{}{}\n", extra, generated_mark);
  std::string_view current;
  for (const auto& row : causes()) {
    if (layer(row) != current) {
      current = layer(row);
      text += fmt::format("\n## {}: {}\n", current, heading(current));
    }
    text += fmt::format("\n### `{}`: {}\n\n{}\n\n**Told apart:** {}\n\n**Who can usually fix it:** {}\n",
                        row.code, row.title, row.meaning, placeholders_shown(row.told_apart),
                        who(row.responsible));
    const auto what = steps(row);
    if (!what.empty()) text += "\n**What to do:**\n\n";
    for (const auto& step : what) text += fmt::format("- {}\n", step);
  }
  return text;
}

}  // namespace fwprobe::checks
