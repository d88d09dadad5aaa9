#include "allowlist/rules/platform.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/utf8.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

Complaint about_file(std::string message) { return {{}, std::move(message)}; }

/// The first few, for a message.
std::string list(std::span<const Named> all) {
  constexpr std::size_t shown = 5;
  std::vector<std::string> names;
  for (const auto& one : all.first(std::min(all.size(), shown)))
    names.push_back(one.other_name.empty()
                        ? excerpt(one.id)
                        : fmt::format("{} ({})", excerpt(one.id), excerpt(one.other_name)));
  auto text = fmt::format("{}", fmt::join(names, ", "));
  if (all.size() > shown) text += fmt::format(" and {} more", all.size() - shown);
  return text;
}

/// C0, DEL, C1, and what turns the direction of a line (UAX #9).
bool is_control(char32_t c) {
  return c < 0x20 || (0x7f <= c && c < 0xa0) || (0x202a <= c && c <= 0x202e) || (0x2066 <= c && c <= 0x2069);
}

/// By its ID, or else by the other name.
std::vector<std::size_t> bearers_of(std::string_view value, std::span<const Named> all, NameCase name_case) {
  for (const auto field : {&Named::id, &Named::other_name}) {
    std::vector<std::size_t> bearers;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i].*field == value || (name_case == NameCase::any && equal_ignoring_case(all[i].*field, value)))
        bearers.push_back(i);
    if (!bearers.empty()) return bearers;
  }
  return {};
}

std::string joined(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty() || a == b) return std::string{a.empty() ? b : a};
  return fmt::format("{}; {}", a, b);
}

}  // namespace

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 200;
  std::string line;
  for (std::size_t i = 0; i < text.size();) {
    if (i > longest) return line + "...";
    const auto next = first_utf8(text.substr(i));
    const auto bytes = text.substr(i, next ? next->bytes : 1);
    if (next && !is_control(next->character))
      line += bytes;
    else
      for (const char c : bytes) line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    i += bytes.size();
  }
  return line;
}

std::optional<Complaint> unknown_selector(std::span<const Selector> selectors,
                                          std::initializer_list<std::string_view> known) {
  for (const auto& selector : selectors)
    if (std::ranges::find(known, selector.key) == known.end())
      return about_file(known.size() == 0
                            ? fmt::format("this format has nothing to choose by {}", excerpt(selector.key))
                            : fmt::format("this format has nothing to choose by {}; known are {}",
                                          excerpt(selector.key), fmt::join(known, ", ")));
  return std::nullopt;
}

std::vector<std::string_view> selected(std::span<const Selector> selectors, std::string_view key) {
  std::vector<std::string_view> values;
  for (const auto& selector : selectors)
    if (selector.key == key) values.push_back(selector.value);
  return values;
}

std::string_view last_segment(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view segment_behind(std::string_view path, std::string_view collection) {
  while (path.contains('/')) {
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size() + 1);
    if (equal_ignoring_case(segment, collection)) return path.substr(0, path.find('/'));
  }
  return {};
}

std::expected<std::vector<std::size_t>, Complaint> choose(std::span<const Named> all,
                                                          std::span<const Selector> selectors,
                                                          std::string_view key, std::string_view what,
                                                          NameCase name_case) {
  const auto wanted = selected(selectors, key);
  const bool take_all = std::ranges::find(wanted, "all") != wanted.end();
  if (wanted.empty() && all.size() > 1)
    return std::unexpected{about_file(fmt::format("holds {} {}: {}; say which: FILE#{}={}", all.size(), what,
                                                  list(all), key, shown(all.front().id)))};
  std::set<std::size_t> chosen;
  for (const auto value : wanted) {
    if (value == "all") continue;
    const auto bearers = bearers_of(value, all, name_case);
    if (bearers.empty())
      return std::unexpected{
          about_file(all.empty() ? fmt::format("holds no {}", what)
                                 : fmt::format("has no {} {}; it holds {}", key, excerpt(value), list(all)))};
    if (bearers.size() > 1) {
      std::vector<Named> several;
      for (const auto place : bearers) several.push_back(all[place]);
      return std::unexpected{
          about_file(fmt::format("{} {} bear the name {}: {}; say which: FILE#{}={}", several.size(), what,
                                 excerpt(value), list(several), key, shown(several.front().id)))};
    }
    chosen.insert(bearers.front());
  }
  if (wanted.empty() || take_all)
    for (std::size_t i = 0; i < all.size(); ++i) chosen.insert(i);
  return std::vector(chosen.begin(), chosen.end());
}

BaseChain deny_the_rest(Hook hook) {
  BaseChain base;
  base.hook = hook;
  base.policy_name = "implied deny";
  return base;
}

void Addresses::add_doubtful(const PrefixSet& prefixes, std::string_view reason) {
  maybe = maybe | prefixes;
  doubt = joined(doubt, reason);
}

PrefixSet not_public() {
  return prefixes_of({"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                      "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10",
                      "ff00::/8"});
}

void append(std::vector<Rule>& rules, const PlatformRule& rule) {
  const auto flows = [&](const PrefixSet& sources, const PrefixSet& destinations) {
    return FlowSet{{sources, destinations, rule.protocols, rule.ports}};
  };
  const auto before = rules.size();
  const auto push = [&](FlowSet match, std::string_view doubt) {
    rules.push_back(
        {.match = std::move(match),
         .doubt = shown(doubt),
         .narrowed = rule.narrowed,
         .outcome = rule.outcome,
         .name = {rule.name.line, shown(rule.name.name), shown(rule.name.comment), rule.name.number},
         .may_be_idle = rule.may_be_idle});
  };
  const auto add = [&](FlowSet match, std::string_view doubt) {
    if (!match.empty()) push(std::move(match), doubt);
  };
  add(flows(rule.sources.sure, rule.destinations.sure), rule.doubt);
  add(flows(rule.sources.maybe, rule.destinations.sure), joined(rule.doubt, rule.sources.doubt));
  add(flows(rule.sources.sure, rule.destinations.maybe), joined(rule.doubt, rule.destinations.doubt));
  add(flows(rule.sources.maybe, rule.destinations.maybe),
      joined(rule.doubt, joined(rule.sources.doubt, rule.destinations.doubt)));
  // What matches nothing has a name and a number all the same.
  if (rules.size() == before) push({}, {});
}

}  // namespace fwprobe::allowlist
