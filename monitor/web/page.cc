#include "monitor/web/page.h"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "monitor/web/request.h"
#include "probe/secret.h"
#include "reports/html_marks.h"
#include "reports/value_text.h"
#include "version.h"

namespace fwprobe::monitor {

using reports::element;
using reports::Html;
using reports::percent;
using reports::text;
using std::chrono::nanoseconds;

namespace {

constexpr std::string_view report_css =
#include "report_css.inc"
    ;

constexpr std::string_view own_css = R"css(
header a { color: inherit; }
main section h1 { font-size: 1.4rem; }
.counts { display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; list-style: none; padding: 0; margin: 0; font-size: 0.9rem; }
.counts a { color: var(--text); }
.filter { display: flex; flex-wrap: wrap; gap: 0.6rem 1rem; align-items: end; margin: 0 0 1rem; font-size: 0.875rem; }
.filter label { display: grid; gap: 0.15rem; color: var(--muted); }
.filter select, .filter button {
  font: inherit; color: var(--text); background: var(--surface); border: 1px solid var(--strong); border-radius: 6px; padding: 0.3rem 0.6rem;
  max-width: 16rem;
}
.filter :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.targets { table-layout: fixed; }
.targets th:first-child { width: 34%; }
.targets th:nth-child(2) { width: 30%; }
.targets th.strip { width: 22%; }
.runs { table-layout: fixed; }
.runs th:nth-child(1) { width: 22%; }
.runs th:nth-child(2) { width: 34%; }
.runs th:nth-child(3) { width: 5.5rem; }
.targets small, .runs small, .small { display: block; color: var(--muted); font-size: 0.8125rem; }
.state b { color: var(--tone); }
svg.strip { display: block; width: 100%; height: 18px; background: var(--ground); }
.strip rect { fill: var(--tone); }
svg.history { display: block; width: 100%; height: 90px; background: var(--ground); }
.history rect { fill: var(--tone); }
.pages { display: flex; gap: 1rem; align-items: baseline; }
.trouble { border-left: 6px solid var(--tone); }
@media screen and (max-width: 46rem) {
  .targets thead, .runs thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .targets tr, .runs tr { display: block; border-top: 1px solid var(--edge); padding: 0.4rem 0; }
  .targets td, .targets th, .runs td { display: block; width: auto; border: 0; padding: 0.1rem 0; }
  .targets th:first-child, .targets th:nth-child(2), .targets th.strip { width: auto; }
}
)css";

/// Without "<" and "&", as it stands in the page unescaped.
constexpr std::string_view refreshing = R"js(
(function () {
  "use strict";
  async function refresh() {
    if (document.hidden) return;
    var note = document.getElementById("freshness");
    try {
      var answer = await fetch(location.href, {cache: "no-store", credentials: "same-origin"});
      if (!answer.ok) throw new Error(answer.status);
      var fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      var focused = document.activeElement ? document.activeElement.id : "";
      document.getElementById("live").replaceWith(fresh.getElementById("live"));
      document.title = fresh.title;
      var again = focused ? document.getElementById(focused) : null;
      if (again) again.focus({preventScroll: true});
      note.textContent = "";
    } catch (error) {
      note.textContent = "The service does not answer: what is shown here is old.";
    }
  }
  setInterval(refresh, 15000);
})();
)js";

/// CSP3 §6.7.2.4: the Base64 of the SHA-256 of the script's text.
std::string hash_of(std::string_view script) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(script.data(), script.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return "sha256-" + probe::base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Html head(const std::string& title) {
  Html parts = reports::empty_element("meta", {{"charset", "utf-8"}});
  parts += reports::empty_element("meta",
                                  {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  parts += reports::empty_element("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  // Browsers ask for /favicon.ico of their own accord where none is named.
  parts += reports::empty_element("link", {{"rel", "icon"}, {"href", "data:,"}});
  parts += element("title", {}, text(title, 200));
  parts += reports::style_sheet(report_css);
  parts += reports::style_sheet(own_css);
  return element("head", {}, parts);
}

Html health_part(const Health& health) {
  Html parts;
  const auto trouble = [&parts](std::string_view what, const std::string& why) {
    parts += element("section", {{"class", "trouble error"}}, element("b", {}, what), text(": " + why, 500));
  };
  if (health.database_trouble) trouble("History is not written", *health.database_trouble);
  if (health.reload_trouble)
    trouble("The suite was not taken when it was read last; the one before it is in use",
            *health.reload_trouble);
  if (health.draining) trouble("The service is about to end", "no new runs begin");
  return parts;
}

/// How high a strip stands, of 1.
double height_of(Standing standing) {
  switch (standing) {
    case Standing::wrong:
    case Standing::unmeasured:
      return 1;
    case Standing::warned:
      return 0.7;
    case Standing::pending:
      return 0.15;
    case Standing::well:
      break;
  }
  return 0.4;
}

Html segment(Standing standing, double from, double until) {
  const auto height = height_of(standing);
  return element("rect", {{"class", reports::status_class(sign_of(standing))},
                          {"x", percent(from)},
                          {"y", percent(1 - height)},
                          {"width", percent(std::max(until - from, 0.005))},
                          {"height", percent(height)}});
}

}  // namespace

Answer page_answer(const Board& board, const PageParts& parts, probe::WallClock::time_point now) {
  Html where = text("Measured from ");
  where += element("b", {}, text(board.host.empty() ? "an unknown host" : board.host, 120));
  if (!board.plan.site.empty()) where += text(fmt::format(" ({})", board.plan.site), 120);

  Html live = element("p", {{"class", "small"}}, text("As of "), time_element(now));
  live += health_part(board.health);
  live += parts.live;
  Html main = parts.still;
  main += element("p", {{"id", "freshness"}, {"role", "status"}}, Html{});
  main += element("div", {{"id", "live"}}, live);

  Html body =
      element("header", {}, element("p", {{"class", "brand"}}, element("a", {{"href", "/"}}, "fwprobe")),
              element("p", {}, where));
  body += element("main", {}, main);
  body += element("footer", {}, element("p", {}, text(fmt::format("fwprobe {}", FWPROBE_VERSION))));
  body += reports::script(refreshing);

  Answer answer{.type = "text/html; charset=utf-8", .body = "<!DOCTYPE html>\n", .rest = {}, .fields = {}};
  answer.body +=
      element("html", {{"lang", "en"}}, head(parts.title + " · fwprobe"), element("body", {}, body)).markup();
  answer.body += '\n';
  static const auto policy = content_security_policy(hash_of(refreshing)) + "; img-src data:";
  answer.fields.emplace_back("Content-Security-Policy", policy);
  return answer;
}

std::string verdict_title(const Verdict& verdict) {
  if (verdict.cause) return std::string{checks::row(*verdict.cause).title};
  return std::string{reports::status_word(verdict.status)};
}

std::string age_text(nanoseconds age) {
  using namespace std::chrono;
  const auto whole = duration_cast<seconds>(std::max(age, nanoseconds{0})).count();
  if (whole < 120) return fmt::format("{} s", whole);
  if (whole < 120 * 60) return fmt::format("{} min", whole / 60);
  if (whole < 48 * 3600) return fmt::format("{} h", whole / 3600);
  return fmt::format("{} days", whole / 86400);
}

Html time_element(probe::WallClock::time_point time) {
  const auto machine = reports::rfc3339(time);
  return element("time", {{"datetime", machine}},
                 text(fmt::format("{} {} UTC", machine.substr(0, 10), machine.substr(11, 8))));
}

Html standing_element(Standing standing) {
  Html parts = reports::mark(sign_of(standing));
  parts += element("b", {}, text(fmt::format(" {}", words(standing))));
  return element("span", {{"class", "state " + reports::status_class(sign_of(standing))}}, parts);
}

Html strip(const TargetState& state, probe::WallClock::time_point now) {
  constexpr std::chrono::hours window{24};
  const auto begin = now - window;
  const auto place = [begin, window](probe::WallClock::time_point time) {
    return std::clamp(std::chrono::duration<double>{time - begin} / window, 0.0, 1.0);
  };
  Html segments;
  double until = 1;
  std::size_t changed = 0;
  for (const auto& change : state.changes) {
    const auto from = place(change.at);
    if (until > from) segments += segment(standing_of(change.to), from, until);
    until = std::min(until, from);
    if (change.at <= begin) break;
    if (change.from) ++changed;
  }
  // What was before the first change that is known.
  if (until > 0) {
    const auto before = state.changes.empty() ? std::optional<Verdict>{} : state.changes.back().from;
    segments += segment(standing_of(before), 0, until);
  }
  const auto label = changed == 0
                         ? std::string{"no change in the last 24 hours"}
                         : fmt::format("{} change{} in the last 24 hours", changed, changed == 1 ? "" : "s");
  return element("svg", {{"class", "strip"}, {"role", "img"}, {"aria-label", label}}, segments);
}

std::string target_path(const Watched& watched) { return "/targets/" + percent_encoded(watched.id); }

}  // namespace fwprobe::monitor
