#include "cli/suite/levels.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/suite/names.h"

namespace fwprobe::cli {
namespace {

constexpr std::string_view own_keys[] = {"group", "tags", "expect", "interval", "confirm"};
constexpr std::size_t most_tags = 100;

std::vector<std::string> read_tags(const Given& pair, SuiteReading& reading) {
  std::vector<std::string> tags;
  for (const auto& one : reading.values(pair)) tags.push_back(reading.value(one, parse_label, std::string{}));
  if (tags.size() > most_tags) reading.fail(pair, fmt::format("more than {} tags", most_tags));
  return tags;
}

std::chrono::milliseconds read_interval(const Given& pair, SuiteReading& reading) {
  constexpr std::chrono::seconds least{1};
  const auto interval = reading.value(pair, parse_duration, probe::Clock::duration{least});
  if (interval < least) reading.fail(pair, "an interval is at least 1s");
  return std::chrono::duration_cast<std::chrono::milliseconds>(interval);
}

}  // namespace

std::vector<std::string> level_keys(const SuiteOptions& options) {
  auto keys = options.names();
  keys.insert(keys.end(), std::begin(own_keys), std::end(own_keys));
  return keys;
}

bool read_level(Level& level, const Given& pair, const SuiteOptions& options, SuiteReading& reading) {
  const auto& key = pair.key->text;
  if (options.known(key))
    level.options.emplace(key, pair);
  else if (key == "group")
    level.group = reading.value(pair, parse_label, std::string{});
  else if (key == "tags")
    level.tags = read_tags(pair, reading);
  else if (key == "expect")
    level.expect = reading.value(pair, parse_expectation, checks::Expectation{});
  else if (key == "interval")
    level.interval = read_interval(pair, reading);
  else if (key == "confirm")
    level.confirm = static_cast<int>(reading.number(pair, 1, 100));
  else
    return false;
  return true;
}

void overlay(Level& wider, const Level& narrower) {
  overlay(wider.options, narrower.options);
  for (const auto& tag : narrower.tags)
    if (std::ranges::find(wider.tags, tag) == wider.tags.end()) wider.tags.push_back(tag);
  if (narrower.group) wider.group = narrower.group;
  if (narrower.expect) wider.expect = narrower.expect;
  if (narrower.interval) wider.interval = narrower.interval;
  if (narrower.confirm) wider.confirm = narrower.confirm;
}

}  // namespace fwprobe::cli
