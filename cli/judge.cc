#include "cli/judge.h"

#include "cli/deliver.h"
#include "cli/read_judged.h"
#include "cli/reading.h"
#include "reports/compare.h"

namespace fwprobe::cli {
void define_judge_options(CLI::App& verb, JudgeArguments& arguments) {
  verb.add_option("REPORT", arguments.report, "a JSON report of fwprobe; - reads standard input")
      ->type_name("FILE")
      ->required();
  verb.add_option(
          "--control", arguments.control,
          "a JSON report of the same targets from another vantage: says whether the fault is here, there, "
          "or at the server for both")
      ->type_name("FILE");
  define_output_options(verb, arguments.output);
}

ExitCode run_judge(const JudgeArguments& arguments, const Variables& variables) {
  Reading read;
  Output output;
  understand_output(arguments.output, read, output);
  read.refuse(arguments.report == standard_input && arguments.control == standard_input,
              "REPORT and --control cannot both be standard input; name a file for one of them");
  if (read.error()) return wrong_usage(read.error()->message);

  auto report = read_judged(arguments.report);
  if (!report) return wrong_usage(report.error());
  if (!arguments.control.empty()) {
    const auto control = read_judged(arguments.control);
    if (!control) return wrong_usage(control.error());
    reports::compare_with(*report, *control);
  }
  return deliver(output, *report, variables);
}

}  // namespace fwprobe::cli
