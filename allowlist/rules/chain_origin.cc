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

ChainLinks::Start start_of(const BaseChain& base, const RulesView& view) {
  using enum ChainLinks::Start;
  const bool to_service = base.translates && base.hook == Hook::prerouting &&
                          view.direction == Direction::inbound && view.position == Position::host;
  return base.hook == Hook::input || to_service ? for_this_host : for_anyone;
}

std::vector<bool> only_for_this_host(std::span<const ChainLinks> chains) {
  auto only = reached_from(ChainLinks::Start::for_this_host, chains);
  const auto others = reached_from(ChainLinks::Start::for_anyone, chains);
  for (std::size_t i = 0; i < only.size(); ++i) only[i] = only[i] && !others[i];
  return only;
}

}  // namespace fwprobe::allowlist
