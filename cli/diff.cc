#include "cli/diff.h"

#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/output_options.h"
#include "cli/read_judged.h"
#include "cli/reading.h"
#include "reports/difference.h"

namespace fwprobe::cli {
namespace {

struct DiffFormat {
  std::string_view name;
  std::string (*render)(const reports::Difference& difference, const reports::TextStyle& style);
};

constexpr DiffFormat formats[] = {{"text", reports::render_difference_text},
                                  {"json", reports::render_difference_json},
                                  {"markdown", reports::render_difference_markdown}};

Parsed<const DiffFormat*> parse_format(std::string_view text) {
  const auto* const at = std::ranges::find(formats, text, &DiffFormat::name);
  if (at != std::end(formats)) return at;
  return std::unexpected{
      fmt::format("'{}' is not a format of diff; there are text, json and markdown", text)};
}

}  // namespace

void define_diff_options(CLI::App& verb, DiffArguments& arguments) {
  verb.add_option("OLD", arguments.before, "the earlier JSON report of fwprobe; - reads standard input")
      ->type_name("FILE")
      ->required();
  verb.add_option("NEW", arguments.after, "the later one")->type_name("FILE")->required();
  verb.add_option("--format", arguments.format, "text, json or markdown")
      ->type_name("text|json|markdown")
      ->capture_default_str();
  verb.add_option("--color", arguments.color, "auto, always or never; NO_COLOR is honoured")
      ->type_name("auto|always|never")
      ->capture_default_str();
}

ExitCode run_diff(const DiffArguments& arguments, const Variables& variables) {
  Reading read;
  const auto* format = &formats[0];
  ColorMode color = ColorMode::automatic;
  read.one("--format", arguments.format, parse_format, format);
  read.one("--color", arguments.color, parse_color, color);
  read.refuse(arguments.before == standard_input && arguments.after == standard_input,
              "OLD and NEW cannot both be standard input; name a file for one of them");
  if (read.error()) return wrong_usage(read.error()->message);

  const auto before = read_judged(arguments.before);
  if (!before) return wrong_usage(before.error());
  const auto after = read_judged(arguments.after);
  if (!after) return wrong_usage(after.error());
  const auto difference = reports::difference(*before, *after);
  const auto style = style_for_output(color, variables);
  if (const auto written = write_all(STDOUT_FILENO, format->render(difference, style)); !written) {
    complain("standard output: " + written.error());
    return difference.got_worse() ? ExitCode::failed : ExitCode::not_measured;
  }
  return difference.got_worse() ? ExitCode::failed : ExitCode::passed;
}

}  // namespace fwprobe::cli
