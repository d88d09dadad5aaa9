#include "cli/read_judged.h"

#include "cli/read_input.h"
#include "reports/read_report.h"

namespace fwprobe::cli {

Parsed<reports::Report> read_judged(const std::string& path) {
  const auto text = read_input(path, reports::report_limit);
  if (!text) return std::unexpected{text.error()};
  auto report = reports::read_report(*text, path == standard_input ? "standard input" : path);
  if (report)
    for (auto& target : report->targets) checks::conclude(target, *target.settings);
  return report;
}

}  // namespace fwprobe::cli
