#pragma once
// The parts of a suite that only `fwprobe serve` acts by: its pages, its history, and whom it tells.

#include "cli/suite/options.h"
#include "monitor/plan.h"

namespace fwprobe::cli {

/// 'serve:'.
void read_serve(const Given& given, Manners& manners, const SuiteOptions& options, monitor::Plan& plan,
                SuiteReading& reading);
/// 'notices:'.
void read_notices(const Given& given, Manners& manners, const Variables& variables, monitor::Notices& notices,
                  SuiteReading& reading);

}  // namespace fwprobe::cli
