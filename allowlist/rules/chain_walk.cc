#include "allowlist/rules/chain_walk.h"

#include <utility>

#include <fmt/format.h>

namespace fwprobe::allowlist {

ChainResult ChainWalk::run(std::size_t chain, const FlowSet& flows, std::optional<bool> translated) {
  result_ = {};
  translated_ = translated;
  const auto& rows = ruleset_.chains[chain];
  base_ = &*rows.base;
  auto inside = flows & rows.base->scope;
  auto outside = flows - rows.base->scope;
  if (!outside.empty()) result_.accepted.push_back(std::move(outside));
  auto rest = walk(chain, std::move(inside), 0);
  end(std::move(rest), {.verdict = rows.base->policy}, {index_, chain, RuleRef::none, rows.packet}, {});
  return std::move(result_);
}

void ChainWalk::end(FlowSet flows, const Outcome& outcome, const RuleRef& where, const std::string& doubt) {
  if (flows.empty()) return;
  const auto verdict = outcome.verdict;
  auto& list = outcome.new_source           ? result_.new_source
               : verdict == Verdict::accept ? result_.accepted
               : verdict == Verdict::drop   ? result_.dropped
                                            : result_.rejected;
  list.push_back(flows);
  // What a nat chain accepts, it leaves to the filters (nft(8), "CHAINS"), or has another source.
  if (verdict == Verdict::accept && doubt.empty() && base_->translates) return;
  auto uncalled = verdict == Verdict::accept ? FlowSet{} : flows & base_->uncalled;
  const bool sure = uncalled.empty() || !doubt.empty();
  touches_.push_back(
      {std::move(flows), verdict, where, sure ? doubt : "a rule elsewhere turns connection tracking on"});
  if (!uncalled.empty()) result_.accepted.push_back(std::move(uncalled));
}

void ChainWalk::touch_in_doubt(FlowSet flows, Verdict verdict, const RuleRef& where,
                               const std::string& doubt) {
  if (!flows.empty()) touches_.push_back({std::move(flows), verdict, where, doubt});
}

const std::string& ChainWalk::doubt_of(const Rule& rule) const {
  static const std::string unknown[] = {"the destination is not translated", "the destination is translated"};
  const bool known = !rule.translated || translated_ || !rule.doubt.empty();
  return known ? rule.doubt : unknown[*rule.translated ? 1 : 0];
}

FlowSet ChainWalk::walk(std::size_t chain, FlowSet flows, std::size_t depth) {
  const auto& rows = ruleset_.chains[chain];
  if (depth > limits_.depth) error_ = fmt::format("chain {}: jumps are more than {} deep", rows.name, depth);
  RemainingFlows remaining{std::move(flows)};
  std::vector<FlowSet> returned;
  std::vector<std::pair<FlowSet, RuleRef>> perhaps_returned;
  for (std::size_t i = 0; i < rows.rules.size() && !error_; ++i) {
    const auto& rule = rows.rules[i];
    if (++count_.rules > limits_.rules || count_.parts > limits_.parts)
      error_ = "the chains jump to each other too often to be judged";
    if (touches_.size() > limits_.touches)
      error_ = fmt::format("the rules decide about the flows more than {} times: too often to be judged",
                           limits_.touches);
    if (remaining.box_count() > limits_.boxes)
      error_ = fmt::format("line {}: the rules cut the flows into more than {} parts", rule.name.line,
                           limits_.boxes);
    if (rule.outcome.verdict == Verdict::next) continue;
    if (translated_ && rule.translated.value_or(*translated_) != *translated_) continue;
    auto part = remaining.within(rule.match);
    if (part.empty()) continue;
    ++count_.parts;
    const auto& doubt = doubt_of(rule);
    const RuleRef where{index_, chain, i, rows.packet};
    if (doubt.empty()) remaining.take(part);
    switch (rule.outcome.verdict) {
      case Verdict::accept:
      case Verdict::drop:
      case Verdict::reject:
        end(std::move(part), rule.outcome, where, doubt);
        break;
      case Verdict::return_:
        if (!doubt.empty()) perhaps_returned.emplace_back(part, where);
        returned.push_back(std::move(part));
        break;
      case Verdict::translate:
        touches_.push_back({part, Verdict::translate, where, doubt});
        result_.translated.push_back({std::move(part), rule.outcome, where});
        break;
      case Verdict::jump:
      case Verdict::go_to: {
        auto back = walk(rule.outcome.chain, part, depth + 1);
        // What comes back is where it would be without the jump.
        const bool same = rule.outcome.verdict == Verdict::jump;
        if (!doubt.empty()) touch_in_doubt(same ? part - back : std::move(part), Verdict::next, where, doubt);
        if (rule.outcome.verdict == Verdict::go_to) {
          returned.push_back(std::move(back));
        } else if (doubt.empty() && !back.empty()) {
          auto all = remaining.all();
          all |= back;
          remaining = RemainingFlows{std::move(all)};
        }
        break;
      }
      case Verdict::unknown:
        touches_.push_back({part, Verdict::unknown, where, doubt});
        result_.unknown.push_back(std::move(part));
        break;
      case Verdict::next:
        break;
    }
  }
  // What also comes to the chain's end returns in either case.
  for (auto& [part, where] : perhaps_returned)
    touch_in_doubt(part - remaining.all(), Verdict::return_, where, doubt_of(rows.rules[where.rule]));
  returned.push_back(remaining.all());
  return united(std::move(returned));
}

}  // namespace fwprobe::allowlist
