#include "cli/judge.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/random.h>

#include "cli/deliver.h"
#include "cli/read_judged.h"
#include "cli/reading.h"
#include "reports/compare.h"
#include "reports/redact.h"

namespace fwprobe::cli {
namespace {

/// With a key that nobody learns.
Parsed<reports::Report> redacted(const reports::Report& report) {
  std::array<char, 32> key{};
  if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
    throw std::system_error{errno, std::system_category(), "getrandom"};
  auto made = reports::redact(report, {key.data(), key.size()});
  if (!made) return std::unexpected{fmt::format("--redact: {}", made.error())};
  return made;
}

}  // namespace

void define_judge_options(CLI::App& verb, JudgeArguments& arguments) {
  verb.add_option("REPORT", arguments.report, "a JSON report of fwprobe; - reads standard input")
      ->type_name("FILE")
      ->required();
  verb.add_option(
          "--control", arguments.control,
          "a JSON report of the same targets from another vantage: says whether the fault is here, there, "
          "or at the server for both")
      ->type_name("FILE");
  verb.add_flag(
      "--redact", arguments.redact,
      "pseudonyms in place of addresses, host and certificate names, URLs and tokens, for showing it "
      "to outsiders");
  define_output_options(verb, arguments.output);
}

ExitCode run_judge(const JudgeArguments& arguments, const Variables& variables) {
  Reading read;
  Output output;
  understand_output(arguments.output, read, output);
  read.refuse(arguments.report == standard_input && arguments.control == standard_input,
              "REPORT and --control cannot both be standard input; name a file for one of them");
  read.refuse(arguments.redact && !arguments.control.empty(),
              "--redact and --control exclude each other; redact each report, or compare first");
  if (read.error()) return wrong_usage(read.error()->message);

  auto report = read_judged(arguments.report);
  if (!report) return wrong_usage(report.error());
  if (arguments.redact) {
    report = redacted(*report);
    if (!report) return wrong_usage(report.error());
  }
  if (!arguments.control.empty()) {
    const auto control = read_judged(arguments.control);
    if (!control) return wrong_usage(control.error());
    reports::compare_with(*report, *control);
  }
  return deliver(output, *report, variables);
}

}  // namespace fwprobe::cli
