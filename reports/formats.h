#pragma once
// The table of report formats: what `--format` and `--report FORMAT=FILE` can name.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "reports/report.h"

namespace fwprobe::reports {

/// What the options decide about every format.
struct RenderOptions {
  TextStyle text;
  bool strict = false;  ///< a target that warns counts as failed
};

/// Whose exit codes go with a format on standard output.
enum class ExitCodes : std::uint8_t {
  own,
  monitoring_plugin,  ///< 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
};

struct Format {
  std::string_view name;  ///< "junit"
  std::string_view what;  ///< for --help
  std::string (*render)(const Report& report, const RenderOptions& options);
  ExitCodes exit_codes = ExitCodes::own;
};

/// The first is the default.
std::span<const Format> formats();
/// Null when there is none of this name.
const Format* find_format(std::string_view name);
/// "text, json and csv".
std::string format_names();

// Each in the file of its name.
/// Without scripts and without requests; it prints well, and is well-formed XML. Its size is bounded: of very
/// many targets only the worst have a part of their own. Begins in html_document.cc.
std::string render_html(const Report& report, const RenderOptions& options);
std::string render_markdown(const Report& report, const RenderOptions& options);
std::string render_junit(const Report& report, const RenderOptions& options);
std::string render_tap(const Report& report, const RenderOptions& options);
std::string render_csv(const Report& report, const RenderOptions& options);
std::string render_prometheus(const Report& report, const RenderOptions& options);
std::string render_nagios(const Report& report, const RenderOptions& options);

}  // namespace fwprobe::reports
