#include "cli/deliver.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/terminal.h"
#include "reports/hop_lines.h"

namespace fwprobe::cli {
namespace {

std::string render(const reports::Report& report, Format format, const reports::TextStyle& style) {
  return format == Format::json ? reports::render_json(report) : reports::render_text(report, style);
}

std::string render_for_file(const reports::Report& report, Format format, const Output& output) {
  const bool hops = output.hops && format == Format::text;
  return (hops ? reports::hops_text(report) : "") + render(report, format, {false, 100, output.verbose});
}

reports::TextStyle style_for_output(const Output& output, const Variables& variables) {
  const auto no_color = variables.find("NO_COLOR");
  const auto term = variables.find("TERM");
  const bool asked_not_to = (no_color != variables.end() && !no_color->second.empty()) ||
                            (term != variables.end() && term->second == "dumb");
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const bool color = output.color == ColorMode::always ||
                     (output.color == ColorMode::automatic && terminal && !asked_not_to);
  return {color, terminal_width(STDOUT_FILENO), output.verbose};
}

}  // namespace

bool write_reports(const Output& output, const reports::Report& report, const Variables& variables) {
  bool all_written = true;
  const auto note = [&](const std::expected<void, std::string>& written, std::string_view where) {
    if (written) return;
    all_written = false;
    fmt::print(stderr, "fwprobe: the report was not written: {}{}\n", where, written.error());
  };
  for (const auto& file : output.reports)
    note(write_file(file.path, render_for_file(report, file.format, output)), "");
  note(write_all(STDOUT_FILENO, render(report, output.format, style_for_output(output, variables))),
       "standard output: ");
  return all_written;
}

ExitCode exit_code(const reports::Report& report, bool strict) {
  switch (report.status()) {
    case checks::Status::fail:
      return ExitCode::failed;
    case checks::Status::error:
      return ExitCode::not_measured;
    case checks::Status::warn:
      return strict ? ExitCode::failed : ExitCode::passed;
    case checks::Status::skip:
    case checks::Status::pass:
      break;
  }
  return ExitCode::passed;
}

}  // namespace fwprobe::cli
