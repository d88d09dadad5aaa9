#include "cli/deliver.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.h"
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
  auto style = style_for_output(output.color, variables);
  style.verbose = output.verbose;
  const reports::RenderOptions options{style, output.strict};
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
