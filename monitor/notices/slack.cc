// https://api.slack.com/reference/surfaces/formatting: &, < and > are the only characters that are escaped;
// what stands in angle brackets is a link, or a mention of everybody.

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "monitor/notices/render.h"
#include "reports/escape.h"

namespace fwprobe::monitor {
namespace {

using Json = nlohmann::ordered_json;

/// Of a section's text.
constexpr std::size_t most_of_block = 3000;

std::string escaped(std::string_view text, std::size_t longest) {
  std::string result;
  for (const char c : reports::printable(text, longest)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

/// Without the escape of the link's own bar: Slack has none, and an id holds none.
std::string named(const Event& event, const Board& board) {
  auto name = escaped(event.name, 100);
  const auto link = link_to(board, event.id);
  if (link.empty()) return name;
  std::ranges::replace(name, '|', '/');
  return fmt::format("<{}|{}>", escaped(link, 500), name);
}

std::string line_of(const Told& told, const Board& board) {
  const auto& event = told.event;
  const auto times = told.changes > 1 ? fmt::format(" ({} changes)", told.changes) : std::string{};
  return fmt::format("• {}{}: {}: *{}* {}\n", name(told.kind), times, named(event, board),
                     verdict_text(event.to), escaped(event.summary, 150));
}

/// Slack processes what we wrote, and takes no name in it for a person or a page (`verbatim`).
Json section(std::string text) {
  return {{"type", "section"}, {"text", {{"type", "mrkdwn"}, {"text", std::move(text)}, {"verbatim", true}}}};
}

}  // namespace

std::string render_slack(const Digest& digest, const Board& board) {
  const auto vantage = board.plan.site.empty() ? board.host : board.plan.site;
  const auto title = fmt::format("fwprobe: {} (seen from {})", digest.title(), escaped(vantage, 100));
  Json blocks = Json::array({section("*" + title + "*")});
  std::string text;
  const auto add = [&](const std::string& line) {
    if (text.size() + line.size() > most_of_block) blocks.push_back(section(std::exchange(text, {})));
    text += line;
  };
  const auto listed = std::min(digest.told.size(), listed_by_slack);
  for (std::size_t i = 0; i < listed; ++i) add(line_of(digest.told[i], board));
  if (listed < digest.told.size()) {
    std::string causes;
    for (const auto& [code, count] : digest.causes)
      if (causes.size() < most_of_block / 2) causes += fmt::format("; {} × {}", count, code);
    add(fmt::format("… and {} more{}\n", digest.told.size() - listed, causes));
  }
  if (!text.empty()) blocks.push_back(section(std::move(text)));
  const Json message{
      {"text", title}, {"blocks", std::move(blocks)}, {"unfurl_links", false}, {"unfurl_media", false}};
  return message.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace fwprobe::monitor
