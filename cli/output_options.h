#pragma once
// The options about reports, which every verb that makes one has.

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/App.hpp>

#include "cli/usage.h"
#include "cli/values.h"
#include "reports/formats.h"

namespace fwprobe::cli {

class Reading;

/// Of what verbs print that is no report of targets.
enum class DocumentFormat : std::uint8_t { text, json };
enum class ColorMode : std::uint8_t { automatic, always, never };

/// What the user typed.
struct OutputArguments {
  std::string format = "text", color = "auto";
  std::vector<std::string> reports;
  bool strict = false, quiet = false, verbose = false;
};

struct ReportFile {
  const reports::Format* format = nullptr;
  std::string path;
};

struct Output {
  const reports::Format* format = &reports::formats().front();
  std::vector<ReportFile> reports;
  ColorMode color = ColorMode::automatic;
  bool strict = false, quiet = false, verbose = false;
  bool hops = false;  ///< text in files begins with the hops; on standard output they stand already

  bool is_text() const { return format == &reports::formats().front(); }
};

/// The heading under which --help lists them.
inline constexpr auto output_group = "Output";

/// Repeatable options take one value each time; without this CLI11 would let them swallow the arguments.
CLI::Option* repeatable(CLI::Option* option);

/// The error says what would be right.
std::expected<DocumentFormat, std::string> parse_document_format(std::string_view text);
Parsed<ColorMode> parse_color(std::string_view text);
/// As wide as the terminal on standard output; in colours there, unless the environment or `color` says
/// otherwise.
reports::TextStyle style_for_output(ColorMode color, const Variables& variables);

void define_output_options(CLI::App& verb, OutputArguments& arguments);
void understand_output(const OutputArguments& arguments, Reading& read, Output& output);

}  // namespace fwprobe::cli
