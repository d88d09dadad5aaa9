// Every reader of firewall exports, and what becomes of flows under what it read.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "allowlist/rules/evaluate.h"
#include "allowlist/rules/formats.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fwprobe::allowlist;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto ruleset = read_rules(text, "rules", {});
  if (!ruleset) return 0;
  FlowBox box;
  box.sources = PrefixSet{parse_prefix("77.92.124.0/27")->prefix};
  box.destinations = PrefixSet{parse_prefix("203.0.113.10")->prefix};
  box.protocols = Protocols{6, 6};
  box.ports = Ports{443, 443};
  const FlowSet flows{box};
  const auto found = evaluate(std::span{&*ruleset, 1}, flows, Direction::inbound, Position::host);
  // Whatever the rules say, every flow ends somewhere, and none comes from nowhere.
  if (found) {
    const auto all = found->accepted | found->dropped | found->rejected;
    if (!all.contains(flows) || !flows.contains(all)) __builtin_trap();
  }
  static_cast<void>(shadowed(std::span{&*ruleset, 1}));
  return 0;
}
