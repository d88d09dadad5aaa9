// The HTTP check: did the exchanges come to their end, and is the status what was asked for?

#include <algorithm>

#include <fmt/format.h>

#include "checks/black_hole.h"
#include "checks/builders.h"
#include "checks/checks.h"
#include "checks/client_certificate.h"
#include "checks/page.h"
#include "checks/redirects.h"
#include "checks/squid_error.h"
#include "checks/stand_in.h"

namespace fwprobe::checks {
namespace {

using probe::HttpFailure;

Facts facts(const Case& the_case, const probe::Url& url, probe::MeasurementId id) {
  Facts known{{"host", url.host.name}, {"port", std::to_string(url.port)}, {"path", url.target()}};
  if (const auto* connection = underlying_connection(the_case.evidence, id))
    known.emplace_back("address", connection->question.remote.address().to_string());
  return known;
}

Finding problem_with(const Case& the_case, const probe::Url& url, probe::MeasurementId id, Cause cause,
                     std::string summary, Facts more = {}) {
  auto known = facts(the_case, url, id);
  known.insert(known.end(), more.begin(), more.end());
  auto finding = problem(Status::fail, Check::http, url.text(), cause, std::move(summary), {id}, known);
  finding.location = Location{Where::server, {}, {}, {}, {}};
  return finding;
}

/// A connection to the same peer on which nothing was said, and which was closed all the same.
std::optional<probe::MeasurementId> closed_in_silence(const Case& the_case, probe::MeasurementId id) {
  const auto* ours = underlying_connection(the_case.evidence, id);
  for (const auto& attempt : the_case.evidence.all<probe::TcpConnect>())
    if (ours != nullptr && attempt->question.remote == ours->question.remote &&
        attempt->question.purpose == probe::TcpPurpose::listen && attempt->result &&
        attempt->result->early_end && attempt->result->greeting.empty())
      return attempt.id;
  return std::nullopt;
}

Finding ended_early(const Case& the_case, const probe::Url& url, probe::MeasurementId id,
                    const HttpFailure& failure) {
  const bool reset = probe::reset_by_peer(*failure.transport);
  if (failure.received == 0) {
    if (const auto silent = closed_in_silence(the_case, id)) {
      auto finding = problem_with(the_case, url, id, Cause::tcp_closed_early,
                                  "the connection is closed after it is accepted, also when nothing is said");
      finding.evidence.push_back(*silent);
      finding.confidence = Confidence::medium;
      return finding;
    }
    return problem_with(
        the_case, url, id, Cause::http_closed_early,
        fmt::format("the connection was {} on the request, without an answer", reset ? "reset" : "closed"));
  }
  return problem_with(the_case, url, id, Cause::http_closed_early,
                      fmt::format("the connection was {} in the middle of the response, after {} bytes",
                                  reset ? "reset" : "closed", failure.received));
}

Finding judge_failure(const Case& the_case, const probe::Url& url,
                      const Item<probe::HttpExchange>& exchange) {
  const auto& failure = exchange->result.error();
  switch (failure.kind) {
    case HttpFailure::Kind::malformed:
      return problem_with(the_case, url, exchange.id, Cause::http_malformed,
                          fmt::format("not an HTTP response: {}; it begins with '{}'", failure.detail,
                                      failure.first_bytes.substr(0, 60)));
    case HttpFailure::Kind::bad_encoding:
      return problem_with(the_case, url, exchange.id, Cause::http_malformed, failure.detail);
    case HttpFailure::Kind::headers_too_large:
    case HttpFailure::Kind::body_too_large:
      return problem_with(the_case, url, exchange.id, Cause::http_too_large, failure.detail);
    case HttpFailure::Kind::transport:
      break;
  }
  if (failure.received == 0 && !failure.detail.empty()) {
    // The request could not be put into bytes: nothing was sent, and nothing is known of the server.
    auto finding = skip(Check::http, url.text(), failure.detail, {exchange.id});
    finding.status = Status::error;
    return finding;
  }
  if (failure.transport && probe::closed_by_peer(*failure.transport))
    return ended_early(the_case, url, exchange.id, failure);
  if (failure.transport && !probe::timed_out(*failure.transport)) {
    auto words = fmt::format("the connection failed: {}", failure.transport->error.message());
    if (failure.transport->icmp)
      words += fmt::format(", said by {}", failure.transport->icmp->sender.to_string());
    auto finding = problem_with(the_case, url, exchange.id, Cause::http_closed_early, std::move(words));
    finding.location->where = Where::path;
    finding.confidence = Confidence::medium;
    return finding;
  }
  if (const auto hole = find_black_hole(the_case, exchange.id)) {
    auto finding =
        problem_with(the_case, url, exchange.id, Cause::tcp_path_mtu_black_hole,
                     fmt::format("{}, and {}",
                                 failure.received == 0
                                     ? "no answer comes to the request"
                                     : fmt::format("the response stalls after {} bytes", failure.received),
                                 hole->words),
                     hole->facts);
    finding.evidence.insert(finding.evidence.end(), hole->evidence.begin(), hole->evidence.end());
    finding.location = Location{Where::path, {}, {}, {}, {}};
    finding.confidence = hole->confidence;
    return finding;
  }
  auto finding = problem_with(
      the_case, url, exchange.id, Cause::http_timeout,
      failure.received == 0
          ? fmt::format("the request was sent, and no answer came within {}", text(exchange.time.elapsed))
          : fmt::format("{} bytes of the response came within {}, and its end did not", failure.received,
                        text(exchange.time.elapsed)));
  // A device that swallows the answer looks the same, as does a slow server.
  finding.confidence = Confidence::medium;
  return finding;
}

Cause cause_of(std::uint16_t status) {
  switch (status) {
    case 401:
      return Cause::http_unauthorized;
    case 403:
      return Cause::http_forbidden;
    case 404:
      return Cause::http_not_found;
    default:
      break;
  }
  if (status >= 400 && status < 500) return Cause::http_client_error;
  if (status >= 500 && status < 600) return Cause::http_server_error;
  return Cause::http_unexpected_status;
}

/// Without --expect-status an error is an error; against it, whatever else comes is not what was asked for.
Finding judge_status(const Case& the_case, const Visit& visit) {
  const auto& response = *visit.exchange->result;
  const bool by_class = the_case.settings.expected_status.empty() || response.status >= 400;
  const auto cause = by_class ? cause_of(response.status) : Cause::http_unexpected_status;
  auto words = fmt::format("the answer is {} {}", response.status, response.reason);
  if (const auto server = probe::header(response.headers, "Server"))
    words += fmt::format(" (Server: {})", server->substr(0, 60));
  auto finding = problem_with(the_case, visit.url, visit.id, cause, std::move(words),
                              {{"status", std::to_string(response.status)}});
  // Gateways write these about a server behind them, or about nobody at all.
  if (response.status == 502 || response.status == 503 || response.status == 504)
    finding.confidence = Confidence::medium;
  if ((response.status == 400 || response.status == 403) && lacks_client_certificate(the_case, visit.id))
    finding.summary += "; the server asked for a client certificate, and got none";
  // By its own word this is a proxy's answer about the server: one on the way, or one in front of the server.
  if (const auto met = squid_met(response); !met.empty()) {
    finding.summary += fmt::format("; a Squid proxy wrote it: {}", met);
    finding.location->where = Where::path;
    finding.confidence = Confidence::medium;
  }
  return finding;
}

std::string way(const Walk& walk) {
  std::string all;
  for (const auto& visit : walk.visits) all += (all.empty() ? "" : " → ") + visit.url.text();
  return all;
}

Finding answered_well(const Walk& walk, const Item<probe::HttpExchange>& exchange) {
  const auto& response = *exchange->result;
  auto words = fmt::format("{} {} in {}", response.status, response.reason, text(exchange.time.elapsed));
  if (exchange->first_byte) words += fmt::format(", first byte after {}", text(*exchange->first_byte));
  if (walk.visits.size() > 1) words += fmt::format("; redirected: {}", way(walk));
  Ids ids;
  for (const auto& visit : walk.visits) ids.push_back(visit.id);
  return pass(Check::http, walk.visits.back().url.text(), std::move(words), std::move(ids));
}

/// "www.example.com" and "example.com": one site under two names.
bool same_site(const probe::Host& one, const probe::Host& other) {
  return one == other || one.name == "www." + other.name || other.name == "www." + one.name;
}

/// What the redirects end with, when it is no page of the site: in words, else empty.
std::string off_site(const Case& the_case, const Visit& last) {
  if (last.exchange == nullptr || !last.exchange->result || same_site(last.url.host, the_case.target.host))
    return {};
  const auto& response = *last.exchange->result;
  if (const auto who = find_stand_in(response, last.url)) return "a page of " + who->product;
  if (response.status < 300 && is_sign_in_page(read_page(response, last.url))) return "a sign-in page";
  return {};
}

void judge_hosts(const Case& the_case, const Walk& walk, Findings& findings) {
  for (const auto& visit : walk.visits) {
    if (visit.url.host == the_case.target.host) continue;
    const auto& from = *std::prev(std::ranges::find(walk.visits, visit.url, &Visit::url));
    const auto landing = off_site(the_case, walk.visits.back());
    auto finding = problem_with(
        the_case, from.url, from.id, Cause::http_redirect_off_host,
        fmt::format("the server redirects to another host: {}{}", visit.url.text(),
                    landing.empty() ? "" : fmt::format("; what comes from there is {}", landing)),
        {{"location", visit.url.origin()},
         {"sign_in", landing == "a sign-in page" ? walk.visits.back().url.origin() : ""}});
    if (landing.empty())
      finding.status = Status::warn;
    else
      finding.evidence.push_back(walk.visits.back().id);
    findings.push_back(std::move(finding));
    return;
  }
}

/// The first answer on the way that something else gave in place of the server.
std::optional<Finding> stand_in_on(const Case& the_case, const Walk& walk) {
  for (const auto& exchange : the_case.evidence.all<probe::HttpExchange>()) {
    if (std::ranges::find(walk.visits, exchange.id, &Visit::id) == walk.visits.end() || !exchange->result)
      continue;
    if (const auto who = find_stand_in(*exchange->result, exchange->question.request.url))
      return stand_in_finding(the_case, exchange, *who);
  }
  return std::nullopt;
}

Findings check_web(const Case& the_case) {
  const auto way_gone = walk(the_case);
  const auto& last = way_gone.visits.back();
  Findings findings;
  if (auto finding = stand_in_on(the_case, way_gone)) {
    // Where its redirects lead says nothing about the server, unless they are the server's own.
    const bool of_target = finding->subject == the_case.target.url.text();
    findings.push_back(std::move(*finding));
    if (!of_target) judge_hosts(the_case, way_gone, findings);
    return findings;
  }
  if (last.exchange == nullptr) {
    findings.push_back(skip(Check::http, last.url.text(), "not reached"));
    judge_hosts(the_case, way_gone, findings);
    return findings;
  }
  const auto exchanges = the_case.evidence.all<probe::HttpExchange>();
  const auto& item = *std::ranges::find(exchanges, last.id, &Item<probe::HttpExchange>::id);
  if (!item->result)
    findings.push_back(judge_failure(the_case, last.url, item));
  else if (way_gone.end == Walk::End::loop)
    findings.push_back(problem_with(the_case, last.url, last.id, Cause::http_redirect_loop,
                                    fmt::format("redirects do not end: {}", way(way_gone)),
                                    {{"chain", way(way_gone)}}));
  else if (way_gone.end == Walk::End::bad_location)
    findings.push_back(problem_with(
        the_case, last.url, last.id, Cause::http_unexpected_status,
        fmt::format("the answer is {} to '{}', which cannot be asked over http", item->result->status,
                    probe::header(item->result->headers, "Location").value_or("").substr(0, 200)),
        {{"status", std::to_string(item->result->status)}}));
  else if (is_expected(the_case.settings, item->result->status))
    findings.push_back(answered_well(way_gone, item));
  else if (auto finding = missing_client_certificate(the_case, item))
    findings.push_back(std::move(*finding));
  else
    findings.push_back(judge_status(the_case, last));
  judge_hosts(the_case, way_gone, findings);
  return findings;
}

/// Requests whose failure the profile's own check judges: what fails there is that feature, not the way to
/// the server.
bool is_of_the_profile(const probe::HttpRequest& request) {
  return request.method == "OPTIONS" || request.url.path.ends_with("/info/refs");
}

/// Without these nothing can be said about the service; other requests ask for single features of it.
bool is_essential(const probe::HttpRequest& request) {
  return request.url.path.ends_with("/_apis/connectionData") || request.url.path.ends_with("/_apis/projects");
}

/// Other profiles judge what their service answered; that nothing was, or something else did, is said here.
Findings check_transport(const Case& the_case) {
  Findings findings;
  const auto exchanges = the_case.evidence.all<probe::HttpExchange>();
  for (const auto& exchange : exchanges) {
    // The newest exchange of a request counts: a kept connection that had closed is asked again.
    const auto& request = exchange->question.request;
    if (find_exchange(the_case.evidence, request) != exchange.fact) continue;
    if (exchange->result) {
      if (const auto who = find_stand_in(*exchange->result, request.url))
        findings.push_back(stand_in_finding(the_case, exchange, *who));
      else if (auto finding = missing_client_certificate(the_case, exchange))
        findings.push_back(std::move(*finding));
      else
        continue;
    } else if (is_of_the_profile(request)) {
      continue;
    } else {
      findings.push_back(judge_failure(the_case, request.url, exchange));
    }
    if (!is_essential(request) && findings.back().status == Status::fail)
      findings.back().status = Status::warn;
  }
  if (exchanges.empty())
    findings.push_back(skip(Check::http, the_case.target.text(), "not reached"));
  else if (findings.empty())
    findings.push_back(
        pass(Check::http, the_case.target.url.origin(),
             fmt::format("{} request{} answered", exchanges.size(), exchanges.size() == 1 ? "" : "s"),
             {exchanges.front().id}));
  return findings;
}

/// The proxy answered for the server: that is the proxy check's to judge.
bool answered_by_proxy(const Case& the_case) {
  return std::ranges::any_of(the_case.evidence.all<probe::HttpExchange>(), [&](const auto& exchange) {
    return !is_comparison(the_case.evidence, exchange.id) &&
           exchange->question.form == probe::RequestForm::absolute && exchange->result &&
           (exchange->result->status == 407 || probe::header(exchange->result->headers, "X-Squid-Error"));
  });
}

}  // namespace

Findings check_http(const Case& the_case) {
  if (!is_http(the_case.target.scheme)) return {};
  if (answered_by_proxy(the_case))
    return {skip(Check::http, the_case.target.text(), "the proxy answered in place of the server")};
  return the_case.profile() == Profile::web ? check_web(the_case) : check_transport(the_case);
}

}  // namespace fwprobe::checks
