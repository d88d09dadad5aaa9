#include "monitor/outcome.h"

#include <algorithm>

#include "allowlist/utf8.h"
#include "checks/redirects.h"
#include "monitor/way.h"
#include "reports/certificate_view.h"
#include "reports/escape.h"
#include "reports/layers.h"

namespace fwprobe::monitor {
namespace {

using checks::Check;
using checks::Status;

constexpr std::size_t longest_summary = 300;

/// Bytes that are no UTF-8 become U+FFFD, as JSON and SQLite's TEXT take nothing else.
std::string valid_utf8(std::string_view text) {
  std::string valid;
  for (std::string_view rest = text.substr(0, longest_summary); !rest.empty();) {
    const auto next = allowlist::first_utf8(rest);
    const auto bytes = next ? next->bytes : 1;
    valid += next ? rest.substr(0, bytes) : std::string_view{"\xef\xbf\xbd"};
    rest.remove_prefix(bytes);
  }
  return std::string{reports::clipped(valid, longest_summary)};
}

/// What one would say first: of a target in trouble what shows its cause, else what the last layer answered.
std::string summary_of(const checks::Investigation& investigation) {
  const auto& findings = investigation.findings;
  if (const auto* trouble = reports::trouble(investigation)) {
    const auto shows = std::ranges::find_if(findings, [&](const checks::Finding& finding) {
      return finding.status == investigation.status && finding.cause == trouble->cause;
    });
    return valid_utf8(shows == findings.end() ? trouble->title : shows->summary);
  }
  const checks::Finding* last = nullptr;
  for (const auto& finding : findings) {
    const bool of_the_way = finding.check != Check::allowlist && finding.check != Check::path;
    if (finding.status == investigation.status && of_the_way) last = &finding;
  }
  return last == nullptr ? std::string{} : valid_utf8(last->summary);
}

/// What the target's own request came to, else what it stood on.
const probe::Measurement* highest(const checks::Evidence& evidence) {
  if (const auto* exchange = first_of<probe::HttpExchange>(evidence)) return exchange;
  return own_connection(evidence);
}

std::optional<probe::Clock::duration> time_of(const probe::Measurement* measurement) {
  if (measurement == nullptr) return std::nullopt;
  return measurement->time.elapsed;
}

/// Both families are asked at once, so the slower answer says how long the name took.
std::optional<probe::Clock::duration> name_time(const checks::Investigation& investigation) {
  std::optional<probe::Clock::duration> longest;
  const probe::DnsQuestion* first = nullptr;
  for (const auto& lookup : investigation.evidence.all<probe::DnsLookup>()) {
    if (lookup->question.name != investigation.target.host.name) continue;
    if (lookup->question.listen == probe::DnsListen::all) continue;  // it waits on purpose
    if (first == nullptr) first = &lookup->question;
    if (lookup->question.resolver == first->resolver && lookup->question.transport == first->transport)
      longest = std::max(longest.value_or(lookup.time.elapsed), lookup.time.elapsed);
  }
  return longest;
}

void add_http(Outcome& outcome, const checks::Investigation& investigation) {
  if (!checks::is_http(investigation.target.scheme) || !investigation.settings) return;
  const auto walk = checks::walk({investigation.target, *investigation.settings, investigation.evidence});
  outcome.redirects = std::max(0, static_cast<int>(walk.visits.size()) - 1);
  for (const auto& visit : walk.visits) {
    if (visit.exchange == nullptr) continue;
    const auto& exchange = *visit.exchange;
    const auto* measurement = investigation.evidence.find(visit.id);
    if (exchange.first_byte && measurement != nullptr) {
      outcome.phases.http_first_byte = exchange.first_byte;
      outcome.phases.http_transfer = measurement->time.elapsed - *exchange.first_byte;
    }
    const auto* response = exchange.result                   ? &*exchange.result
                           : exchange.result.error().partial ? &*exchange.result.error().partial
                                                             : nullptr;
    if (response == nullptr) continue;
    outcome.http_status = response->status;
    outcome.http_body_bytes = response->body.size();
  }
}

void add_tls(Outcome& outcome, const checks::Investigation& investigation, const probe::Measurement* tls) {
  if (const auto* leaf = reports::own_certificate(investigation)) outcome.leaf_expiry = leaf->not_after;
  if (tls == nullptr) return;
  const auto& handshake = std::get<probe::TlsHandshake>(tls->fact);
  if (handshake.result) outcome.tls_version = handshake.result->version;
  for (const auto& certificate : handshake.chain)
    outcome.chain_expiry =
        std::min(outcome.chain_expiry.value_or(certificate.not_after), certificate.not_after);
}

void add_lists(Outcome& outcome, const checks::Investigation& investigation) {
  using checks::Cause;
  for (const auto& finding : investigation.findings) {
    if (finding.check != Check::allowlist) continue;
    if (finding.cause == Cause::allowlist_address_not_listed ||
        finding.cause == Cause::allowlist_port_not_listed ||
        finding.cause == Cause::allowlist_vantage_not_listed)
      outcome.listed = false;
    else if (finding.status == Status::pass)
      outcome.listed = outcome.listed.value_or(true);
  }
  if (!investigation.settings) return;
  for (const auto& list : investigation.settings->allowlists) {
    if (!list.fresh_for) continue;
    const probe::WallClock::time_point stale =
        std::chrono::sys_days{list.retrieved} + *list.fresh_for + std::chrono::days{1};
    outcome.list_stale_at = std::min(outcome.list_stale_at.value_or(stale), stale);
  }
}

}  // namespace

Outcome outcome_of(const checks::Investigation& investigation, const Expectation& expectation,
                   probe::WallClock::time_point began, probe::Clock::duration took) {
  Outcome outcome;
  outcome.began = began;
  outcome.took = took;
  outcome.status = investigation.status;
  outcome.as_expected = meets(expectation, investigation);
  if (const auto* trouble = reports::trouble(investigation)) {
    outcome.cause = trouble->cause;
    outcome.location = trouble->location;
    outcome.confidence = trouble->confidence;
    outcome.responsible = trouble->responsible;
  }
  outcome.summary = summary_of(investigation);
  const auto* top = highest(investigation.evidence);
  const auto way = top == nullptr ? Way{} : way_below(investigation.evidence, top->id);
  outcome.phases.dns = name_time(investigation);
  outcome.phases.tcp = time_of(way.tcp);
  outcome.phases.tls = time_of(way.tls);
  if (way.tcp != nullptr)
    outcome.ipv6 = std::get<probe::TcpConnect>(way.tcp->fact).question.remote.address().is_v6();
  add_http(outcome, investigation);
  add_tls(outcome, investigation, way.tls);
  add_lists(outcome, investigation);
  return outcome;
}

}  // namespace fwprobe::monitor
