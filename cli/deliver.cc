#include "cli/deliver.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.h"
#include "reports/hop_lines.h"

namespace fwprobe::cli {
namespace {

/// Returns whether all were written.
bool write_all_of(const std::vector<Document>& documents) {
  bool all_written = true;
  for (const auto& [path, text] : documents) {
    const auto written = path.empty() ? write_all(STDOUT_FILENO, text) : write_file(path, text);
    if (written) continue;
    all_written = false;
    complain(fmt::format("the report was not written: {}{}", path.empty() ? "standard output: " : "",
                         written.error()));
  }
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

ExitCode deliver(const std::vector<Document>& documents, checks::Status status, bool strict) {
  const bool written = write_all_of(documents);
  const auto code = exit_code(status, strict);
  return written || code == ExitCode::failed ? code : ExitCode::not_measured;
}

ExitCode deliver(const Output& output, const reports::Report& report, const Variables& variables) {
  std::vector<Document> documents;
  for (const auto& file : output.reports) {
    const bool hops = output.hops && file.format == &reports::formats().front();
    documents.push_back(
        {file.path, (hops ? reports::hops_text(report) : "") +
                        file.format->render(report, {{false, file_width, output.verbose}, output.strict})});
  }
  auto style = style_for_output(output.color, variables);
  style.verbose = output.verbose;
  documents.push_back({{}, output.format->render(report, {style, output.strict})});
  return deliver(documents, report.status(), output.strict);
}

}  // namespace fwprobe::cli
