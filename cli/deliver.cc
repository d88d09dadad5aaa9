#include "cli/deliver.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/terminal.h"
#include "reports/hop_lines.h"

namespace fwprobe::cli {
namespace {

std::string render_for_file(const reports::Report& report, const reports::Format& format,
                            const Output& output) {
  constexpr int file_width = 100;
  const bool hops = output.hops && &format == &reports::formats().front();
  return (hops ? reports::hops_text(report) : "") +
         format.render(report, {{false, file_width, output.verbose}, output.strict});
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

/// Returns whether all were written.
bool write_reports(const Output& output, const reports::Report& report, const Variables& variables) {
  bool all_written = true;
  const auto note = [&](const std::expected<void, std::string>& written, std::string_view where) {
    if (written) return;
    all_written = false;
    fmt::print(stderr, "fwprobe: the report was not written: {}{}\n", where, written.error());
  };
  for (const auto& file : output.reports)
    note(write_file(file.path, render_for_file(report, *file.format, output)), "");
  const reports::RenderOptions options{style_for_output(output, variables), output.strict};
  note(write_all(STDOUT_FILENO, output.format->render(report, options)), "standard output: ");
  return all_written;
}

ExitCode exit_code(checks::Status status, bool strict) {
  switch (status) {
    case checks::Status::fail:
      return ExitCode::failed;
    case checks::Status::error:
      return ExitCode::not_measured;
    case checks::Status::warn:
      return strict ? ExitCode::failed : ExitCode::warned;
    case checks::Status::skip:
    case checks::Status::pass:
      break;
  }
  return ExitCode::passed;
}

}  // namespace

ExitCode deliver(const Output& output, const reports::Report& report, const Variables& variables) {
  const bool written = write_reports(output, report, variables);
  const auto code = exit_code(report.status(), output.strict);
  return written || code == ExitCode::failed ? code : ExitCode::not_measured;
}

}  // namespace fwprobe::cli
