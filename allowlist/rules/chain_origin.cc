#include "allowlist/rules/chain_origin.h"

namespace fwprobe::allowlist {
namespace {

std::vector<bool> reached_from(ChainLinks::Start start, std::span<const ChainLinks> chains) {
  std::vector<bool> reached(chains.size());
  std::vector<std::size_t> waiting;
  for (std::size_t i = 0; i < chains.size(); ++i)
    if (chains[i].start == start) waiting.push_back(i);
  while (!waiting.empty()) {
    const auto chain = waiting.back();
    waiting.pop_back();
    if (reached[chain]) continue;
    reached[chain] = true;
    waiting.insert(waiting.end(), chains[chain].targets.begin(), chains[chain].targets.end());
  }
  return reached;
}

}  // namespace

std::vector<bool> only_from_input(std::span<const ChainLinks> chains) {
  auto only = reached_from(ChainLinks::Start::input, chains);
  const auto elsewhere = reached_from(ChainLinks::Start::elsewhere, chains);
  for (std::size_t i = 0; i < only.size(); ++i) only[i] = only[i] && !elsewhere[i];
  return only;
}

}  // namespace fwprobe::allowlist
