#pragma once
// What a platform's rules say about one flow, told in words by looking at one rule after the other.

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "allowlist/rules/evaluate.h"
#include "allowlist/rules/formats.h"

namespace fwprobe::allowlist {

inline std::string sample(std::string_view name) {
  const auto path = fmt::format("{}/tests/allowlist/data/firewall/{}", SOURCE_DIR, name);
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{"no file " + path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline std::expected<Ruleset, ListError> read(std::string_view text, std::vector<Selector> selectors = {}) {
  return read_rules(text, "f",
                    {.direction = Direction::inbound, .interface = {}, .selectors = std::move(selectors)});
}

inline std::string error_of(std::string_view text, std::vector<Selector> selectors = {}) {
  const auto rules = read(text, std::move(selectors));
  return rules ? "no error" : rules.error().message;
}

struct Probe {
  const char* source = "0.0.0.0";
  const char* destination = "10.0.0.5";
  std::uint16_t port = 443;
  std::uint8_t protocol = 6;
};

inline std::string verdict(const Chain& chain, const Probe& probe) {
  const Flow flow{asio::ip::make_address(probe.source), asio::ip::make_address(probe.destination),
                  probe.protocol, probe.port};
  const auto word = [](Verdict verdict) {
    return verdict == Verdict::accept ? "allowed" : verdict == Verdict::reject ? "rejected" : "dropped";
  };
  for (const auto& rule : chain.rules) {
    if (!rule.match.contains(flow)) continue;
    if (!rule.doubt.empty())
      return fmt::format("perhaps {} by {}: {}", word(rule.outcome.verdict), rule.name.name, rule.doubt);
    return fmt::format("{} by {}", word(rule.outcome.verdict), rule.name.name);
  }
  return fmt::format("{} by {}", word(chain.base->policy), chain.base->policy_name);
}

/// The names of the rules that never match.
inline std::vector<std::string> idle(const Ruleset& rules) {
  const auto found = shadowed(std::span{&rules, 1});
  if (!found) throw std::runtime_error{found.error()};
  std::vector<std::string> names;
  for (const auto& one : *found)
    names.push_back(rules.chains.at(one.rule.chain).rules.at(one.rule.rule).name.name);
  return names;
}

inline const Chain& chain_of(const Ruleset& rules, Hook hook, Packet packet = Packet::opening) {
  for (const auto& chain : rules.chains)
    if (chain.base && chain.base->hook == hook && chain.packet == packet) return chain;
  throw std::runtime_error{"no such chain"};
}

}  // namespace fwprobe::allowlist
