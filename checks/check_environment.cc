// The environment check: what this machine itself makes of the measurements. Findings only where there is
// something.

#include <algorithm>

#include <fmt/format.h>
#include <openssl/x509_vfy.h>

#include "checks/builders.h"
#include "checks/checks.h"
#include "checks/resolution.h"
#include "probe/http_date.h"

namespace fwprobe::checks {
namespace {

/// Certificates and Kerberos alike tolerate hours; a day is beyond every time zone mistake.
constexpr std::chrono::hours tolerated_skew{24};

struct Skew {
  std::chrono::seconds local_ahead{};
  probe::MeasurementId evidence;
};

/// How far the local clock is ahead of the server's, by the newest Date header; nothing when none came.
std::optional<Skew> skew_by_date(const Evidence& evidence) {
  std::optional<Skew> newest;
  for (const auto& exchange : evidence.all<probe::HttpExchange>()) {
    if (!exchange->result) continue;
    const auto date = probe::header(exchange->result->headers, "Date");
    const auto server = date ? probe::http_date(*date) : std::nullopt;
    // A cache hands on the Date of the day when it stored the response (RFC 9111 §5.1).
    if (!server || probe::header(exchange->result->headers, "Age")) continue;
    const auto local =
        std::chrono::floor<std::chrono::seconds>(exchange.time.started + exchange.time.elapsed);
    newest = {local - *server, exchange.id};
  }
  return newest;
}

std::string in_words(std::chrono::seconds skew) {
  const auto days = std::chrono::duration_cast<std::chrono::days>(std::chrono::abs(skew)).count();
  return fmt::format("{} day{}", days, days == 1 ? "" : "s");
}

/// An authority is issued years before its leaves: when leaf and issuer both seem to lie in the future, it is
/// the clock that lies in the past. (Both expired proves nothing: neglected servers look just so.)
std::optional<probe::MeasurementId> whole_chain_in_the_future(const Evidence& evidence) {
  for (const auto& handshake : evidence.all<probe::TlsHandshake>()) {
    if (handshake->chain.size() < 2) continue;
    const auto now = handshake.time.started;
    const bool all = std::ranges::all_of(handshake->chain, [&](const auto& c) { return now < c.not_before; });
    // In seconds: the nanoseconds of the clock do not hold the difference between any two dates.
    const auto begins = [&](std::size_t i) {
      return std::chrono::floor<std::chrono::seconds>(handshake->chain[i].not_before);
    };
    const bool independent = begins(0) - begins(1) > tolerated_skew;
    if (all && independent) return handshake.id;
  }
  return std::nullopt;
}

/// Whether a certificate was found out of its validity: what a wrong clock does. Without that it only needs a
/// look.
bool certificates_look_wrong(const Evidence& evidence) {
  return std::ranges::any_of(evidence.all<probe::TlsHandshake>(), [](const auto& handshake) {
    return std::ranges::any_of(handshake->verify_errors, [](const auto& error) {
      return error.code == X509_V_ERR_CERT_HAS_EXPIRED || error.code == X509_V_ERR_CERT_NOT_YET_VALID;
    });
  });
}

Finding clock_finding(const Case& the_case, std::string summary, const std::string& skew,
                      probe::MeasurementId id, Confidence confidence) {
  auto finding = problem(certificates_look_wrong(the_case.evidence) ? Status::fail : Status::warn,
                         Check::environment, the_case.evidence.environment().host, Cause::local_clock_skew,
                         std::move(summary), {id}, {{"skew", skew}});
  finding.location = Location{Where::local, {}, {}, {}, {}};
  finding.confidence = confidence;
  return finding;
}

void judge_clock(const Case& the_case, Findings& findings) {
  if (const auto skew = skew_by_date(the_case.evidence);
      skew && std::chrono::abs(skew->local_ahead) > tolerated_skew) {
    findings.push_back(
        clock_finding(the_case,
                      fmt::format("this machine's clock is {} {} the server's", in_words(skew->local_ahead),
                                  skew->local_ahead.count() > 0 ? "ahead of" : "behind"),
                      in_words(skew->local_ahead), skew->evidence, Confidence::medium));
    return;
  }
  if (const auto id = whole_chain_in_the_future(the_case.evidence))
    findings.push_back(clock_finding(the_case, "every certificate of the chain seems to lie in the future",
                                     "", *id, Confidence::medium));
}

void judge_families(const Case& the_case, Findings& findings) {
  const auto& [target, settings, evidence] = the_case;
  if (settings.proxies.choose(name(target.scheme), target.host, target.port).server) return;
  const auto& environment = evidence.environment();
  const auto addresses = resolve_host(the_case, target.host).addresses;
  if (addresses.empty()) return;
  const auto routed = [&](const asio::ip::address& address) {
    return address.is_loopback() || (address.is_v6() ? environment.ipv6_route : environment.ipv4_route);
  };
  // Only where the attempts show it: a route to this very address may exist without a default route.
  const auto attempts = evidence.all<probe::TcpConnect>();
  Ids ids;
  for (const auto& address : addresses) {
    const auto attempt = std::ranges::find_if(attempts, [&](const auto& item) {
      return item->question.remote.address() == address && item->question.remote.port() == target.port;
    });
    if (attempt == attempts.end() || routed(address) || (*attempt)->result ||
        !(*attempt)->result.error().local)
      return;
    ids.push_back(attempt->id);
  }
  const bool one_family =
      std::ranges::all_of(addresses, [&](const auto& a) { return a.is_v6() == addresses[0].is_v6(); });
  if (!one_family || environment.ipv4_route == environment.ipv6_route) return;
  const std::string family = addresses[0].is_v6() ? "IPv6" : "IPv4";
  auto finding = problem(Status::fail, Check::environment, target.host.name, Cause::local_no_address_family,
                         fmt::format("{} has only {} addresses, and this machine has no {} route",
                                     target.host.name, family, family),
                         std::move(ids), {{"family", family}, {"host", target.host.name}});
  finding.location = Location{Where::local, {}, {}, {}, {}};
  findings.push_back(std::move(finding));
}

}  // namespace

Findings check_environment(const Case& the_case) {
  Findings findings;
  judge_families(the_case, findings);
  judge_clock(the_case, findings);
  return findings;
}

}  // namespace fwprobe::checks
