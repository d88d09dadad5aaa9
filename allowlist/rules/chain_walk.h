#pragma once
// One base chain, with all that it jumps to.

#include <optional>
#include <string>
#include <vector>

#include "allowlist/rules/evaluate.h"
#include "allowlist/rules/flow_pieces.h"

namespace fwprobe::allowlist {

/// How much work rules may make; hostile ones could make more than any machine can do.
struct WalkLimits {
  std::size_t rules = 20'000'000;  ///< looked at, through all jumps
  std::size_t parts = 5'000'000;   ///< of the flows, each of which meets a rule; they cost most of the time
  std::size_t touches = 500'000;   ///< they cost the memory
  std::size_t boxes = 4'000;       ///< of a set of flows
  std::size_t depth = 64;          ///< of jumps; the kernel's own limit is 16
};

/// The same, of work that has been made.
struct WalkCount {
  std::size_t rules = 0;
  std::size_t parts = 0;
};

struct Translated {
  FlowSet flows;
  Outcome outcome;
  RuleRef where;
};

struct ChainResult {
  std::vector<FlowSet> accepted;
  std::vector<FlowSet> new_source;  ///< accepted, too
  std::vector<FlowSet> dropped;
  std::vector<FlowSet> rejected;
  std::vector<Translated> translated;
  std::vector<FlowSet> unknown;  ///< that may go on as other flows than these
};

class ChainWalk {
 public:
  ChainWalk(const Ruleset& ruleset, std::size_t index, std::vector<Touch>& touches, WalkCount& count)
      : ruleset_{ruleset}, index_{index}, touches_{touches}, count_{count} {}

  /// Of flows as the chain's packets have them. Whether their destination was translated may be unknown.
  ChainResult run(std::size_t chain, const FlowSet& flows, std::optional<bool> translated);
  const std::optional<std::string>& error() const { return error_; }

 private:
  /// What comes back to the caller.
  FlowSet walk(std::size_t chain, FlowSet flows, std::size_t depth);
  void end(FlowSet flows, const Outcome& outcome, const RuleRef& where, const std::string& doubt);
  const std::string& doubt_of(const Rule& rule) const;
  void touch_in_doubt(FlowSet flows, Verdict verdict, const RuleRef& where, const std::string& doubt);

  const Ruleset& ruleset_;
  std::size_t index_;
  std::vector<Touch>& touches_;
  WalkCount& count_;
  WalkLimits limits_;
  const BaseChain* base_ = nullptr;
  std::optional<bool> translated_;
  ChainResult result_;
  std::optional<std::string> error_;
};

}  // namespace fwprobe::allowlist
