#include "monitor/web/probe_metrics.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "checks/redirects.h"
#include "monitor/way.h"
#include "probe/http_date.h"
#include "reports/escape.h"
#include "reports/formats.h"
#include "reports/prometheus_family.h"
#include "text/ascii.h"
#include "text/fnv1a.h"

namespace fwprobe::monitor {
namespace {

using checks::Investigation;
using reports::Family;
using reports::prometheus_label;
using reports::single;
using std::chrono::nanoseconds;

/// Without a request: the target's own handshake or connection.
Way own_way(const checks::Evidence& evidence) {
  const auto* own = own_connection(evidence);
  return own == nullptr ? Way{} : way_below(evidence, own->id);
}

nanoseconds elapsed(const probe::Measurement* measurement) {
  return measurement == nullptr ? nanoseconds{} : measurement->time.elapsed;
}

const probe::TlsHandshake& handshake_of(const Way& way) {
  return std::get<probe::TlsHandshake>(way.tls->fact);
}

struct Resolution {
  nanoseconds took{};
  std::optional<asio::ip::address> first;
  bool asked = false;
};

Resolution resolution_of(const Investigation& target, std::string_view host) {
  Resolution resolution;
  for (const auto& lookup : target.evidence.all<probe::DnsLookup>()) {
    if (lookup->question.name != host || lookup->question.listen == probe::DnsListen::all) continue;
    resolution.asked = true;
    resolution.took = std::max<nanoseconds>(resolution.took, lookup.time.elapsed);
    if (!resolution.first && !lookup->addresses.empty()) resolution.first = lookup->addresses.front().address;
  }
  return resolution;
}

std::string address_metrics(const Investigation& target, const Way& way) {
  const auto& host = target.target.host;
  const auto resolution = resolution_of(target, host.name);
  auto address = host.address ? host.address : resolution.first;
  if (way.tcp != nullptr) address = std::get<probe::TcpConnect>(way.tcp->fact).question.remote.address();
  return single("probe_dns_lookup_time_seconds", "Returns the time taken for probe dns lookup in seconds",
                reports::seconds(resolution.took)) +
         single("probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6",
                !address ? 0 : (address->is_v4() ? 4 : 6)) +
         single("probe_ip_addr_hash",
                "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
                address ? address_hash(*address) : 0);
}

/// "TLSv1.3" is "TLS 1.3" to blackbox_exporter.
std::string version_text(std::string_view version) {
  return version.starts_with("TLSv") ? "TLS " + std::string{version.substr(4)} : std::string{version};
}

std::string tls_metrics(const probe::TlsHandshake& handshake) {
  if (handshake.chain.empty()) return {};
  const auto& leaf = handshake.chain.front();
  const auto earliest = std::ranges::min(handshake.chain, {}, &probe::Certificate::not_after).not_after;
  std::string names;
  for (const auto& name : leaf.dns_names) names += (names.empty() ? "" : ",") + name;

  auto metrics = single("probe_ssl_earliest_cert_expiry", "Returns last SSL chain expiry in unixtime",
                        reports::timestamp(earliest));
  // Of a chain that was not verified there is no last one.
  if (handshake.verify_errors.empty())
    metrics += single("probe_ssl_last_chain_expiry_timestamp_seconds",
                      "Returns last SSL chain expiry in timestamp", reports::timestamp(earliest));
  Family info{"probe_ssl_last_chain_info", "Contains SSL leaf certificate information"};
  info.add(fmt::format("fingerprint_sha256={},issuer={},subject={},subjectalternative={}",
                       prometheus_label(leaf.sha256), prometheus_label(leaf.issuer, 1000),
                       prometheus_label(leaf.subject, 1000), prometheus_label(names, 1000)),
           1);
  metrics += info.take();
  if (handshake.result) {
    Family version{"probe_tls_version_info", "Returns the TLS version used or NaN when unknown"};
    version.add(fmt::format("version={}", prometheus_label(version_text(handshake.result->version))), 1);
    metrics += version.take();
  }
  return metrics;
}

struct Durations {
  nanoseconds resolve{}, connect{}, tls{}, processing{}, transfer{};
};

Durations durations_of(const Investigation& target, const checks::Walk& walk) {
  Durations sum;
  std::vector<std::string> resolved;
  for (const auto& visit : walk.visits) {
    if (std::ranges::find(resolved, visit.url.host.name) == resolved.end()) {
      sum.resolve += resolution_of(target, visit.url.host.name).took;
      resolved.push_back(visit.url.host.name);
    }
    if (visit.exchange == nullptr) continue;
    const auto way = way_below(target.evidence, visit.exchange->question.connection);
    // Behind another request connecting and handshaking took no time.
    if (way.http == nullptr) {
      sum.connect += elapsed(way.tcp);
      sum.tls += elapsed(way.tls);
    }
    if (!visit.exchange->first_byte) continue;
    sum.processing += *visit.exchange->first_byte;
    // A redirect's body is not waited for, there: only the last one counts.
    if (&visit == &walk.visits.back())
      if (const auto* whole = target.evidence.find(visit.id))
        sum.transfer += whole->time.elapsed - *visit.exchange->first_byte;
  }
  return sum;
}

const probe::HttpResponse* response_of(const checks::Walk& walk) {
  if (walk.visits.empty() || walk.visits.back().exchange == nullptr) return nullptr;
  const auto& result = walk.visits.back().exchange->result;
  if (result) return &*result;
  return result.error().partial ? &*result.error().partial : nullptr;
}

/// As Go's http.Response has it: -1 when the length is not known before the end.
double content_length(const probe::HttpResponse& response) {
  const auto field = probe::header(response.headers, "Content-Length");
  const auto length = field ? whole_number<std::uint64_t>(*field) : std::nullopt;
  return length ? static_cast<double>(*length) : -1;
}

std::string http_metrics(const Investigation& target, const checks::Walk& walk, const Way& way) {
  const auto* response = response_of(walk);
  const auto durations = durations_of(target, walk);
  Family phases{"probe_http_duration_seconds",
                "Duration of http request by phase, summed over all redirects"};
  const std::array<std::pair<std::string_view, nanoseconds>, 5> each{{{"connect", durations.connect},
                                                                      {"processing", durations.processing},
                                                                      {"resolve", durations.resolve},
                                                                      {"tls", durations.tls},
                                                                      {"transfer", durations.transfer}}};
  for (const auto& [phase, took] : each)
    if (way.tcp != nullptr || phase == "resolve")
      phases.add(fmt::format("phase=\"{}\"", phase), reports::seconds(took));

  auto metrics = phases.take();
  metrics += single("probe_http_status_code", "Response HTTP status code", response ? response->status : 0);
  metrics += single("probe_http_content_length", "Length of http content response",
                    response ? content_length(*response) : 0);
  metrics += single("probe_http_uncompressed_body_length", "Length of uncompressed response body",
                    response ? static_cast<double>(response->body.size()) : 0);
  metrics += single("probe_http_redirects", "The number of redirects",
                    walk.visits.empty() ? 0 : static_cast<double>(walk.visits.size() - 1));
  metrics += single("probe_http_ssl", "Indicates if SSL was used for the final redirect",
                    response && way.tls != nullptr ? 1 : 0);
  metrics += single("probe_http_version", "Returns the version of HTTP of the probe response",
                    response ? whole_number<double>(response->version).value_or(0) : 0);
  metrics += single("probe_failed_due_to_regex", "Indicates if probe failed due to regex", 0);
  if (response)
    if (const auto modified = probe::header(response->headers, "Last-Modified"))
      if (const auto time = probe::http_date(*modified))
        metrics += single("probe_http_last_modified_timestamp_seconds",
                          "Returns the Last-Modified HTTP response header in unixtime",
                          static_cast<double>(time->time_since_epoch().count()));
  return metrics;
}

std::string blackbox_metrics(const Investigation& target) {
  if (!checks::is_http(target.target.scheme)) {
    const auto way = own_way(target.evidence);
    return address_metrics(target, way) +
           single("probe_failed_due_to_regex", "Indicates if probe failed due to regex", 0) +
           (way.tls != nullptr ? tls_metrics(handshake_of(way)) : "");
  }
  static const checks::Settings none;
  const auto walk = checks::walk({target.target, target.settings ? *target.settings : none, target.evidence});
  const auto* last = walk.visits.empty() ? nullptr : walk.visits.back().exchange;
  const auto way = last ? way_below(target.evidence, last->question.connection) : own_way(target.evidence);
  return address_metrics(target, way) + http_metrics(target, walk, way) +
         (way.tls != nullptr ? tls_metrics(handshake_of(way)) : "");
}

}  // namespace

std::uint32_t address_hash(const asio::ip::address& address) {
  return address.is_v4() ? fnv1a(address.to_v4().to_bytes()) : fnv1a(address.to_v6().to_bytes());
}

std::string render_probe(const reports::Report& report) {
  const auto& target = report.targets.front();
  // What was interrupted has proved nothing, whatever was seen until then.
  const bool success =
      target.complete && (target.status == checks::Status::pass || target.status == checks::Status::warn);
  return single("probe_success", "Displays whether or not the probe was a success", success ? 1 : 0) +
         single("probe_duration_seconds", "Returns how long the probe took to complete in seconds",
                reports::seconds(report.finished - report.started)) +
         blackbox_metrics(target) + reports::render_prometheus(report, {});
}

}  // namespace fwprobe::monitor
