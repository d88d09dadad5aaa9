#include "monitor/web/probe_request.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "monitor/web/allowed.h"
#include "reports/escape.h"
#include "text/ascii.h"

namespace fwprobe::monitor {
namespace {

using std::chrono::milliseconds;

/// blackbox_exporter's module when none is asked for.
constexpr std::string_view default_module = "http_2xx";
/// What blackbox_exporter keeps of the scrape's timeout for the way back.
constexpr milliseconds way_back{500};

std::unexpected<Answer> bad(std::string_view what) {
  return std::unexpected{plain(400, reports::printable(what, 1000))};
}

/// What a target without a scheme means to blackbox_exporter's prober of the same kind, so that the targets
/// of an existing job stay as they are.
std::string_view implied_scheme(const checks::Settings& settings) {
  if (!settings.profile) return "";
  switch (*settings.profile) {
    case checks::Profile::web:
      return "http://";
    case checks::Profile::tcp:
      return "tcp://";
    case checks::Profile::tls:
      return "tls://";
    case checks::Profile::ssh:
      return "ssh://";
    default:
      return "";
  }
}

/// Seconds of X-Prometheus-Scrape-Timeout-Seconds; nothing when that is no such number.
std::optional<milliseconds> scrape_timeout(std::string_view text) {
  const auto number = whole_number<double>(text);
  if (!number || !std::isfinite(*number) || *number <= 0 || *number > 3600) return std::nullopt;
  return milliseconds{static_cast<milliseconds::rep>(*number * 1000)};
}

}  // namespace

std::expected<ProbeRequest, Answer> read_probe(const Request& request, const Web& web) {
  constexpr std::array known{"target", "module", "debug"};
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(known, std::string_view{name}) == known.end())
      return bad(fmt::format("unknown parameter '{}'; there are target, module and debug", name));
    if (std::ranges::count(request.query, name, [](const auto& pair) { return pair.first; }) > 1)
      return bad(fmt::format("the parameter '{}' stands there twice", name));
  }

  auto name = request.parameter("module");
  if (name.empty()) name = default_module;
  const auto module =
      std::ranges::find(web.modules, name, [](const auto& one) { return std::string_view{one.name}; });
  if (module == web.modules.end()) {
    std::string names;
    for (const auto& one : web.modules) names += (names.empty() ? "" : ", ") + one.name;
    return bad(fmt::format("unknown module '{}'; {}", name,
                           names.empty() ? "the suite file has none" : "there are " + names));
  }

  std::string text{request.parameter("target")};
  if (text.empty()) return bad("the parameter 'target' is missing");
  const auto& settings = *module->manner.settings;
  if (text.find("://") == std::string::npos) text.insert(0, implied_scheme(settings));
  auto target = checks::parse_target(text);
  if (!target) return bad(fmt::format("target: {}", target.error()));
  if (const auto why = refusal(*target, web.allowed))
    return std::unexpected{plain(403, reports::printable(*why, 1000))};

  auto timeout = std::chrono::duration_cast<probe::Clock::duration>(settings.deadline);
  if (const auto header = request.field("X-Prometheus-Scrape-Timeout-Seconds")) {
    const auto whole = scrape_timeout(*header);
    if (!whole) return bad("X-Prometheus-Scrape-Timeout-Seconds is no number of seconds up to 3600");
    // Of a very short timeout half has to do.
    timeout = std::min<probe::Clock::duration>(timeout, std::max(*whole - way_back, *whole / 2));
  }
  return ProbeRequest{std::move(*target), module->manner, timeout, request.parameter("debug") == "true"};
}

}  // namespace fwprobe::monitor
