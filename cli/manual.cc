#include "cli/manual.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace fwprobe::cli {
namespace {

/// groff_char(7): a hyphen that is typed is \-, and what is not ASCII goes by its code point.
std::string roff(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      if (byte == '-')
        out += "\\-";
      else if (byte == '\\')
        out += "\\e";
      else if (byte == '\'')
        out += "\\(aq";
      else
        out += byte == '\n' ? ' ' : text[i];
      continue;
    }
    const int more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    char32_t code = byte & (0x3f >> more);
    for (int k = 0; k < more && i + 1 < text.size(); ++k)
      code = code << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f);
    out += fmt::format("\\[u{:04X}]", static_cast<std::uint32_t>(code));
  }
  // A line that begins with a dot would be a request.
  return out.starts_with('.') ? "\\&" + out : out;
}

std::string value_of(const Word& word) {
  return word.value.empty() ? "" : fmt::format(" \\fI{}\\fP", roff(word.value));
}

std::string tagged(const Word& word) {
  std::vector<std::string> names;
  for (const auto& name : word.names) names.push_back(fmt::format("\\fB{}\\fP", roff(name)));
  auto text = fmt::format(".TP\n{}{}\n{}", fmt::join(names, ", "), value_of(word), roff(word.description));
  if (!word.initial.empty()) text += fmt::format(" (default: {})", roff(word.initial));
  return text + "\n";
}

std::string synopsis(const Verb& verb, const std::string& path) {
  auto text = fmt::format(".TP\n\\fB{}\\fP", roff(path));
  for (const auto& argument : verb.arguments) text += value_of(argument);
  return text + " [\\fIoptions\\fP]\n" + roff(verb.description) + "\n";
}

void add_synopses(const Verb& verb, const std::string& path, std::string& page) {
  for (const auto& sub : verb.verbs) {
    const auto name = path + " " + sub.name;
    if (sub.verbs.empty()) page += synopsis(sub, name);
    add_synopses(sub, name, page);
  }
}

void add_options(const Verb& verb, const std::string& path, std::string& page) {
  for (const auto& sub : verb.verbs) {
    const auto name = path + " " + sub.name;
    if (sub.verbs.empty()) {
      page += fmt::format(".SS {}\n", roff(name));
      for (const auto& argument : sub.arguments) page += tagged(argument);
      std::string group = "Options";
      for (const auto& option : sub.options) {
        if (option.group != group) page += fmt::format(".PP\n{}\n", roff(option.group));
        group = option.group;
        page += tagged(option);
      }
    }
    add_options(sub, name, page);
  }
}

/// Of the texts below; man-pages(7) wants a date.
constexpr auto as_of = "2026-11-25";

constexpr auto rest = R"(.SH EXIT STATUS
.TP
0
every target passed (warnings allowed, unless \fB\-\-strict\fP)
.TP
1
at least one target failed (or warned, under \fB\-\-strict\fP)
.TP
2
wrong usage, or a configuration that cannot be used: nothing was probed
.TP
3
nothing failed, but something could not be measured
.TP
130, 143
interrupted by SIGINT, SIGTERM: what was measured until then is reported, marked incomplete
.SH ENVIRONMENT
.TP
HTTPS_PROXY, http_proxy, ALL_PROXY, NO_PROXY
the proxy, with their usual meaning
.TP
NO_COLOR
no colour, whatever its value
.SH EXAMPLES
.nf
fwprobe check https://azure.example.com/
fwprobe check https://azure.example.com/ \-\-profile azure\-devops\-server \e
  \-\-collection DefaultCollection \-\-token\-env AZURE_TOKEN \-\-allowlist appcircle
fwprobe trace azure.example.com:443
fwprobe explain tcp.filtered
.fi
.SH SEE ALSO
.BR traceroute (8),
.BR curl (1),
.BR nft (8)
)";

}  // namespace

std::string manual_page(const Verb& program, std::string_view version) {
  const auto colon = program.description.find(": ");
  auto page = fmt::format(
      ".TH FWPROBE 1 \"{}\" \"fwprobe {}\" \"User Commands\"\n"
      ".SH NAME\nfwprobe \\- network reachability and firewall diagnostic probe\n.SH SYNOPSIS\n",
      as_of, roff(version));
  add_synopses(program, program.name, page);
  page += fmt::format(
      ".SH DESCRIPTION\n{}\n.PP\nStandard output has the report only; progress and diagnostics go to "
      "standard "
      "error, progress only when it is a terminal.\n.SH OPTIONS\n",
      roff(program.description.substr(colon == std::string::npos ? 0 : colon + 2)));
  add_options(program, program.name, page);
  return page + rest;
}

}  // namespace fwprobe::cli
