#pragma once
// The hops on standard output, each line as soon as it is known.

#include <list>
#include <string_view>

#include "checks/investigate.h"
#include "reports/hop_lines.h"

namespace fwprobe::cli {

/// One path after another: those that come first are printed live, the others when it is their turn.
class LiveHops : public checks::Observer {
 public:
  void asking(const checks::Target& target, const probe::Question& question) override;
  void stepped(const checks::Target& target, const probe::PathQuestion& question,
               const probe::PathStep& step) override;
  void answered(const checks::Target& target, const probe::Measurement& measurement) override;
  /// The rest: what has come of paths that were cut short, lines whose names never came, and a blank line.
  void finish();

 private:
  void print();
  void write(std::string_view text);
  reports::HopLines* lines_of(const probe::PathQuestion& question);

  std::list<reports::HopLines> paths_;
  reports::HopNames names_;
  bool broken_ = false;  ///< standard output takes no more
};

}  // namespace fwprobe::cli
