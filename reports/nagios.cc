// A monitoring plugin's output (Nagios Plugin Development Guidelines): one line with the verdict and the
// performance data, then long output.

#include <algorithm>

#include <fmt/format.h>

#include "reports/certificate_view.h"
#include "reports/escape.h"
#include "reports/formats.h"
#include "reports/layers.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using checks::Status;

/// Nagios 3 and older agents keep 4 KiB of the output, Nagios 4 keeps 8 KiB (MAX_PLUGIN_OUTPUT_LENGTH).
constexpr std::size_t first_line_limit = 4095;
constexpr std::size_t output_limit = 8191;

std::string_view state(Status status, const RenderOptions& options) {
  switch (status) {
    case Status::fail:
      return "CRITICAL";
    case Status::error:
      return "UNKNOWN";
    case Status::warn:
      return options.strict ? "CRITICAL" : "WARNING";
    case Status::skip:
    case Status::pass:
      break;
  }
  return "OK";
}

/// "https://host/: No answer: the connection is filtered (tcp.filtered) on the path, behind hop 2"
std::string verdict(const checks::Investigation& target) {
  constexpr std::size_t short_text = 200;
  auto text = plugin_text(target.target.text(), short_text);
  const auto* diagnosis = trouble(target);
  if (!diagnosis) return text;
  text += ": " + plugin_text(diagnosis->title, short_text);
  if (diagnosis->cause) text += fmt::format(" ({})", checks::row(*diagnosis->cause).code);
  return text + ", " + plugin_text(where_text(diagnosis->location), short_text);
}

std::string_view did(Status status) {
  switch (status) {
    case Status::fail:
      return "failed";
    case Status::error:
      return "could not be measured";
    case Status::warn:
      return "warn";
    case Status::skip:
    case Status::pass:
      break;
  }
  return "passed";
}

std::string headline(const Report& report, const RenderOptions& options) {
  const auto status = report.status();
  const auto begin = fmt::format("FWPROBE {} - ", state(status, options));
  const auto worst = std::ranges::find(report.targets, status, &checks::Investigation::status);
  const bool known = worst != report.targets.end();
  if (report.targets.size() == 1 && known) return begin + verdict(*worst);
  const auto alike = std::ranges::count(report.targets, status, &checks::Investigation::status);
  return begin + fmt::format("{} of {} targets {}{}", alike, report.targets.size(), did(status),
                             known && status != Status::pass ? "; " + verdict(*worst) : "");
}

/// 'label'=value[unit];[warn]: a label holds neither "=" nor "'", and nothing that would end the line.
std::string datum(const Report& report, const checks::Investigation& target, std::string_view name,
                  const std::string& value) {
  auto label =
      report.targets.size() > 1 ? fmt::format("{} {}", target.target.text(), name) : std::string{name};
  std::ranges::replace(label, '=', '_');
  std::ranges::replace(label, '\'', '_');
  return fmt::format(" '{}'={}", plugin_text(label, 100), value);
}

std::vector<std::string> performance(const Report& report) {
  std::vector<std::string> data;
  for (const auto& target : report.targets) {
    for (const auto& layer : layers())
      if (const auto took = layer.kind.empty() ? std::nullopt : time_of(target, layer.kind))
        data.push_back(
            datum(report, target, layer.kind, fmt::format("{:.6f}s;;;0", milliseconds(*took) / 1e3)));
    if (const auto* leaf = own_certificate(target)) {
      const auto days = std::chrono::floor<std::chrono::days>(leaf->not_after - report.started).count();
      const auto warning = target.settings ? fmt::format("{}:", target.settings->expiry_warning.count()) : "";
      data.push_back(datum(report, target, "certificate_days", fmt::format("{};{};0:", days, warning)));
    }
  }
  return data;
}

/// All lines, or as many as fit with a word about the others.
std::string cut_to(std::size_t limit, const std::vector<std::string>& lines) {
  constexpr std::string_view more = "… the rest is cut; --format text has it\n";
  std::string text;
  for (const auto& line : lines) {
    const bool last = &line == &lines.back();
    if (text.size() + line.size() + 1 + (last ? 0 : more.size()) > limit) return text + std::string{more};
    text += line + "\n";
  }
  return text;
}

std::vector<std::string> long_output(const Report& report, const RenderOptions& options) {
  std::vector<std::string> lines;
  if (!report.complete) lines.emplace_back("interrupted: this is what was measured until then");
  for (const auto& target : report.targets) {
    lines.push_back(fmt::format("[{}] {}", state(target.status, options), verdict(target)));
    const auto* diagnosis = trouble(target);
    if (!diagnosis) continue;
    lines.push_back(plugin_text(diagnosis->explanation));
    lines.push_back(fmt::format("Who mends: {}", who_text(diagnosis->responsible)));
    for (const auto& step : diagnosis->remedy) lines.push_back("- " + plugin_text(step));
    for (const auto& finding : target.findings)
      if (finding.status != Status::pass && finding.status != Status::skip)
        lines.push_back(fmt::format("{} {}: {}", checks::name(finding.status), checks::name(finding.check),
                                    plugin_text(finding.summary)));
  }
  return lines;
}

}  // namespace

std::string render_nagios(const Report& report, const RenderOptions& options) {
  auto first = headline(report, options);
  const auto data = performance(report);
  if (!data.empty()) first += " |";
  for (const auto& one : data)
    if (first.size() + one.size() <= first_line_limit) first += one;
  first += "\n";
  return first + cut_to(output_limit - first.size(), long_output(report, options));
}

}  // namespace fwprobe::reports
