#include "monitor/web/responder.h"

#include <fmt/format.h>

#include "monitor/web/api.h"
#include "monitor/web/metrics.h"
#include "monitor/web/probe_metrics.h"
#include "monitor/web/target_page.h"
#include "reports/escape.h"
#include "reports/formats.h"
#include "reports/prometheus_family.h"
#include "reports/read_report.h"
#include "text/ascii.h"

namespace fwprobe::monitor {
namespace {

using probe::Clock;
using probe::WallClock;

Answer busy(std::string_view what) {
  auto answer = plain(503, what);
  answer.fields.emplace_back("Retry-After", "1");
  return answer;
}

Answer metrics_answer(std::vector<std::string> pieces) {
  return {.type = std::string{reports::prometheus_content_type},
          .body = {},
          .rest = std::move(pieces),
          .fields = {}};
}

/// Judged again by this version, as `fwprobe judge` does it.
Answer report_page(const std::string& document) {
  auto report = reports::read_report(document, "the kept report");
  if (!report) return plain(500, reports::printable(report.error(), 1000));
  for (auto& target : report->targets)
    if (target.settings) checks::conclude(target, *target.settings);
  return {.type = "text/html; charset=utf-8",
          .body = reports::render_html(*report, {}),
          .rest = {},
          .fields = {}};
}

}  // namespace

Responder::Responder(Backend& backend, WebConfig config, ResponderLimits limits)
    : backend_{backend}, limits_{limits}, aside_{limits.aside} {
  configure(std::move(config));
}

void Responder::configure(WebConfig config) {
  gate_ = std::make_shared<Gatekeeper>(std::move(config), aside_);
}

asio::awaitable<Answer> Responder::respond(std::expected<Request, Answer> request) {
  const auto gate = gate_;
  Answer made;
  if (!request) {
    made = request.error();
  } else {
    auto refused = co_await gate->refuse(*request);
    if (refused) {
      made = std::move(*refused);
    } else {
      auto routed = route(*request, backend_.board(), WallClock::now());
      auto pending = std::visit([this](auto& wanted) { return answer(std::move(wanted)); }, routed);
      made = co_await std::move(pending);
    }
  }
  // What the administrator sets goes before what is set by default.
  for (const auto& field : gate->config().fields) {
    std::erase_if(made.fields,
                  [&field](const auto& one) { return equal_ignoring_case(one.first, field.first); });
    made.fields.push_back(field);
  }
  harden(made);
  co_return made;
}

asio::awaitable<Answer> Responder::answer(Answer ready) { co_return ready; }

asio::awaitable<Answer> Responder::answer(MetricsWanted) {
  co_return metrics_answer(render_metrics(backend_.board(), WallClock::now(), process_figures()));
}

asio::awaitable<Answer> Responder::answer(HistoryWanted wanted) {
  const auto history = co_await backend_.history(wanted.id, wanted.since, wanted.limit);
  // The plan may have changed meanwhile.
  const auto& board = backend_.board();
  const auto place = place_of(board, wanted.id);
  if (!place) co_return plain(404, "the target is no longer in the suite");
  if (wanted.form == HistoryForm::page) co_return target_page(board, *place, history, WallClock::now());
  if (!history)
    co_return plain(503, reports::printable("the history cannot be read: " + history.error(), 1000));
  co_return json_answer(history_json(board.plan.targets[*place], *history));
}

asio::awaitable<Answer> Responder::answer(ReportWanted wanted) {
  const auto document = co_await backend_.report(wanted.id);
  if (!document)
    co_return plain(503, reports::printable("the report cannot be read: " + document.error(), 1000));
  if (!*document) co_return plain(404, "no full report of this target is kept yet");
  const std::string& text = **document;
  const auto work = [&text] { return report_page(text); };
  auto page = co_await aside_.run(work);
  if (!page) co_return busy("too many reports are being made; try again");
  co_return std::move(*page);
}

asio::awaitable<Answer> Responder::answer(ProbeRequest wanted) {
  if (probing_ >= limits_.probes)
    co_return busy(fmt::format("{} probes run already; try again", limits_.probes));
  const Counted counted{probing_};
  reports::Report report;
  report.started = WallClock::now();
  const probe::Stopwatch watch;
  auto investigation = co_await backend_.probe(wanted.target, wanted.manner, Clock::now() + wanted.timeout);
  report.complete = investigation.complete;
  // The clock that people use may jump meanwhile.
  report.finished = report.started + watch.elapsed();
  report.vantage.host = backend_.board().host;
  if (const auto& site = backend_.board().plan.site; !site.empty()) report.vantage.site = site;
  report.targets.push_back(std::move(investigation));
  if (wanted.debug) co_return plain(200, reports::render_text(report, {.verbose = true}));
  co_return metrics_answer({render_probe(report)});
}

asio::awaitable<Answer> Responder::answer(ReloadWanted) {
  const auto done = co_await backend_.reload();
  if (done) co_return plain(200, "reloaded");
  co_return plain(500, reports::printable("the old suite stays in use: " + done.error(), 1000));
}

}  // namespace fwprobe::monitor
