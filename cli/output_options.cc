#include "cli/output_options.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/reading.h"
#include "cli/terminal.h"

namespace fwprobe::cli {
namespace {

Parsed<const reports::Format*> parse_format(std::string_view text) {
  if (const auto* format = reports::find_format(text)) return format;
  return std::unexpected{fmt::format("'{}' is not a format; there are {}", text, reports::format_names())};
}

Parsed<ReportFile> parse_report(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals + 1 == text.size())
    return std::unexpected{
        fmt::format("'{}' names no file; write FORMAT=FILE, such as json=report.json", text)};
  const auto format = parse_format(text.substr(0, equals));
  if (!format) return std::unexpected{format.error()};
  return ReportFile{*format, std::string{text.substr(equals + 1)}};
}

}  // namespace

std::expected<DocumentFormat, std::string> parse_document_format(std::string_view text) {
  if (text == "text") return DocumentFormat::text;
  if (text == "json") return DocumentFormat::json;
  return std::unexpected{fmt::format("'{}' is not a format; write text or json", text)};
}

CLI::Option* repeatable(CLI::Option* option) { return option->allow_extra_args(false); }

Parsed<ColorMode> parse_color(std::string_view text) {
  if (text == "auto") return ColorMode::automatic;
  if (text == "always") return ColorMode::always;
  if (text == "never") return ColorMode::never;
  return std::unexpected{fmt::format("'{}' is not a colour mode; write auto, always or never", text)};
}

reports::TextStyle style_for_output(ColorMode color, const Variables& variables) {
  const auto no_color = variables.find("NO_COLOR");
  const auto term = variables.find("TERM");
  const bool asked_not_to = (no_color != variables.end() && !no_color->second.empty()) ||
                            (term != variables.end() && term->second == "dumb");
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const bool colored =
      color == ColorMode::always || (color == ColorMode::automatic && terminal && !asked_not_to);
  return {colored, terminal_width(STDOUT_FILENO), false};
}

void define_output_options(CLI::App& verb, OutputArguments& a) {
  verb.add_option("--format", a.format, "what standard output gets")
      ->type_name(names_of(reports::formats()))
      ->group(output_group)
      ->capture_default_str();
  repeatable(verb.add_option("--report", a.reports, "also write this report, FORMAT=FILE (repeatable)")
                 ->type_name("FORMAT=FILE"))
      ->group(output_group);
  verb.add_flag("--strict", a.strict, "warnings fail")->group(output_group);
  verb.add_option("--color", a.color, "auto, always or never; NO_COLOR is honoured")
      ->type_name("auto|always|never")
      ->group(output_group)
      ->capture_default_str();
  auto* quiet = verb.add_flag("-q,--quiet", a.quiet, "no progress")->group(output_group);
  verb.add_flag("-v,--verbose", a.verbose, "every finding and measurement")
      ->group(output_group)
      ->excludes(quiet);
}

void understand_output(const OutputArguments& arguments, Reading& read, Output& output) {
  read.many("--report", arguments.reports, parse_report, output.reports);
  read.one("--format", arguments.format, parse_format, output.format);
  read.one("--color", arguments.color, parse_color, output.color);
  output.strict = arguments.strict;
  output.quiet = arguments.quiet;
  output.verbose = arguments.verbose;
}

}  // namespace fwprobe::cli
