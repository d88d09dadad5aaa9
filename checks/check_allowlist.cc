// Compares with published lists: destinations (outbound lists) with the target's addresses and name, sources
// (inbound lists) with this machine's address as the outside sees it.

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "allowlist/port_text.h"
#include "checks/builders.h"
#include "checks/checks.h"
#include "checks/list_findings.h"
#include "checks/resolution.h"

namespace fwprobe::checks {
namespace {

using allowlist::Allowlist;
using allowlist::Direction;
using allowlist::Entry;
using asio::ip::address;
using std::chrono::year_month_day;

/// The day of the measurements, so that judging a recorded run again gives the same answer.
year_month_day day_of(const Evidence& evidence, const Allowlist& list) {
  const auto measurements = evidence.measurements();
  if (measurements.empty()) return list.retrieved;
  return {std::chrono::floor<std::chrono::days>(measurements.front().time.started)};
}

/// "TCP port 443, 8000-8100"
std::string ports_text(const Entry& entry) {
  const std::string protocol = entry.protocol == allowlist::Protocol::udp ? "UDP" : "TCP";
  if (entry.ports.empty()) return "any " + protocol + " port";
  std::string shown;
  for (const auto& range : entry.ports)
    shown += fmt::format("{}{}", shown.empty() ? "" : ", ", allowlist::text(range));
  return protocol + " port " + shown;
}

Finding make(std::string subject, Status status, std::string summary, std::optional<Cause> cause = {},
             const Facts& facts = {}) {
  Finding finding;
  finding.check = Check::allowlist;
  finding.subject = std::move(subject);
  finding.status = status;
  finding.cause = cause;
  finding.summary = std::move(summary);
  if (cause) finding.remedy = remedy(*cause, facts);
  return finding;
}

bool for_port(const Entry* entry, std::uint16_t port) { return allowlist::for_port(*entry, port); }

Finding skip(const std::string& subject, std::string summary) {
  return make(subject, Status::skip, std::move(summary));
}

/// Where the nearest published prefix is, for whoever looks for a typing error or a range that has moved.
std::string nearest_text(const Allowlist& list, const address& where, year_month_day day) {
  if (const auto* entry = allowlist::nearest(list, where, day)) return "the nearest is " + entry->published;
  return where.is_v6() ? "no IPv6 prefix is listed" : "no IPv4 prefix is listed";
}

/// What the remedies speak of.
Facts facts(const Case& the_case, const Allowlist& list, const address& where) {
  return {{"host", the_case.target.host.name},
          {"address", where.to_string()},
          {"port", std::to_string(the_case.target.port)},
          {"list", list.title}};
}

// ---- outbound: the target

class Outbound {
 public:
  Outbound(const Case& the_case, const Allowlist& list)
      : case_{the_case}, list_{list}, day_{day_of(the_case.evidence, list)} {}

  Findings compare() const {
    const auto& target = case_.target;
    if (!target.host.address && is_listed_anywhere()) return {pass(target.host.name, "its name is listed")};
    const auto addresses = resolve_host(case_, target.host).addresses;
    if (addresses.empty())
      return {skip(target.host.name, fmt::format("{}: there is no address to compare", list_.title))};
    Findings findings;
    for (const auto& where : addresses) findings.push_back(compare(where));
    return findings;
  }

 private:
  std::vector<const Entry*> named() const {
    if (case_.target.host.address) return {};
    return entries_for(list_, std::string_view{case_.target.host.name}, day_);
  }

  /// A name whose addresses the publisher leaves open, or for whose port he lists no prefix at all.
  bool is_listed_anywhere() const {
    const auto port = case_.target.port;
    const bool has_prefixes = std::ranges::any_of(list_.entries, [&](const Entry& entry) {
      return std::holds_alternative<allowlist::Prefix>(entry.what) && allowlist::in_force(entry, day_) &&
             allowlist::for_port(entry, port);
    });
    return std::ranges::any_of(named(), [&](const Entry* entry) {
      return for_port(entry, port) && (!has_prefixes || entry->addresses == allowlist::NameAddresses::any);
    });
  }

  Finding compare(const address& where) const {
    const auto port = case_.target.port;
    const auto held = entries_for(list_, where, day_);
    const auto at = std::ranges::find_if(held, [&](const Entry* entry) { return for_port(entry, port); });
    if (at != held.end()) {
      auto finding = pass(where.to_string(), fmt::format("inside {}", (*at)->published));
      finding.evidence = evidence_for(where);
      return finding;
    }
    if (!held.empty()) return port_not_listed(where, *held.front());
    const auto names = named();
    const bool has_prefixes = allowlist::nearest(list_, where, day_) != nullptr;
    const bool for_others =
        std::ranges::none_of(names, [&](const auto* name) { return for_port(name, port); });
    if (!has_prefixes && !names.empty() && for_others) return port_not_listed(where, *names.front());
    return address_not_listed(where);
  }

  Finding pass(const std::string& subject, std::string_view why) const {
    return make(subject, Status::pass,
                fmt::format("{} port {} is listed by {}: {}", subject, case_.target.port, list_.title, why));
  }

  Finding fail(Cause cause, const address& where, std::string summary, const Facts& known) const {
    auto finding = make(where.to_string(), Status::fail, std::move(summary), cause, known);
    finding.evidence = evidence_for(where);
    return finding;
  }

  Finding port_not_listed(const address& where, const Entry& entry) const {
    auto known = facts(case_, list_, where);
    known.emplace_back("ports", ports_text(entry));
    return fail(Cause::allowlist_port_not_listed, where,
                fmt::format("{} is listed by {} in {} with {}, not with TCP port {}", where.to_string(),
                            list_.title, entry.published, ports_text(entry), case_.target.port),
                known);
  }

  Finding address_not_listed(const address& where) const {
    const bool has_names = std::ranges::any_of(list_.entries, [&](const Entry& entry) {
      return std::holds_alternative<allowlist::Domain>(entry.what) && allowlist::in_force(entry, day_);
    });
    const bool no_name = has_names && !case_.target.host.address && named().empty();
    std::string former;
    for (const auto& entry : list_.entries) {
      const auto* prefix = std::get_if<allowlist::Prefix>(&entry.what);
      if (prefix && entry.until && *entry.until <= day_ && prefix->contains(where))
        former = fmt::format("; it was in {} until {}", entry.published, date(*entry.until));
    }
    return fail(
        Cause::allowlist_address_not_listed, where,
        fmt::format("{} is not listed by {}: {}{}{}", where.to_string(), list_.title,
                    nearest_text(list_, where, day_),
                    no_name ? fmt::format("; the name {} is not listed either", case_.target.host.name) : "",
                    former),
        facts(case_, list_, where));
  }

  /// What showed this address: the answers that hold it, and the connections to it.
  std::vector<probe::MeasurementId> evidence_for(const address& where) const {
    std::vector<probe::MeasurementId> ids;
    for (const auto& lookup : case_.evidence.all<probe::DnsLookup>())
      if (std::ranges::find(lookup->addresses, where, &probe::DnsAddress::address) != lookup->addresses.end())
        ids.push_back(lookup.id);
    for (const auto& attempt : case_.evidence.all<probe::TcpConnect>())
      if (attempt->question.remote == probe::TcpEndpoint{where, case_.target.port}) ids.push_back(attempt.id);
    return ids;
  }

  const Case& case_;
  const Allowlist& list_;
  year_month_day day_;
};

// ---- inbound: this machine

struct Egress {
  std::vector<address> addresses;
  Confidence confidence = Confidence::high;
  std::vector<probe::MeasurementId> evidence;
};

/// --egress, else this machine's own global addresses, of which --source chooses one: without NAT they are
/// what the outside sees.
Egress egress_of(const Case& the_case) {
  if (!the_case.settings.egress.empty()) return {the_case.settings.egress, Confidence::high, {}};
  Egress egress{{}, Confidence::medium, {}};
  const auto& bound = the_case.settings.source.address;
  for (const auto& environment : the_case.evidence.all<probe::Environment>()) {
    if (!egress.evidence.empty()) break;
    std::ranges::copy_if(
        environment->addresses, std::back_inserter(egress.addresses), [&](const address& own) {
          return allowlist::scope(own) == allowlist::Scope::global && (!bound || own == *bound);
        });
    egress.evidence.push_back(environment.id);
  }
  return egress;
}

Finding compare_vantage(const Case& the_case, const Allowlist& list, const Egress& egress,
                        const address& own) {
  const auto day = day_of(the_case.evidence, list);
  const auto held = entries_for(list, own, day);
  const auto at =
      std::ranges::find_if(held, [&](const Entry* entry) { return for_port(entry, the_case.target.port); });
  Finding finding;
  if (at != held.end()) {
    finding = make(own.to_string(), Status::pass,
                   fmt::format("this machine measures from {}, a source that {} publishes ({})",
                               own.to_string(), list.title, (*at)->published));
  } else {
    auto known = facts(the_case, list, own);
    known.emplace_back("egress", own.to_string());
    const auto how = held.empty() ? fmt::format("does not publish ({})", nearest_text(list, own, day))
                                  : fmt::format("publishes for other ports than {} only ({})",
                                                the_case.target.port, held.front()->published);
    finding =
        make(own.to_string(), Status::warn,
             fmt::format(
                 "this machine measures from {}, which {} {}: that it gets through does not prove that they "
                 "do",
                 own.to_string(), list.title, how),
             Cause::allowlist_vantage_not_listed, known);
  }
  finding.confidence = egress.confidence;
  finding.evidence = egress.evidence;
  return finding;
}

Findings compare_vantage(const Case& the_case, const Allowlist& list) {
  const auto egress = egress_of(the_case);
  const auto targets = resolve_host(the_case, the_case.target.host).addresses;
  Findings findings;
  for (const auto& own : egress.addresses) {
    // An address of a family that the target has not is not what it sees.
    const auto same_family = [&](const address& target) { return target.is_v4() == own.is_v4(); };
    if (targets.empty() || std::ranges::any_of(targets, same_family))
      findings.push_back(compare_vantage(the_case, list, egress, own));
  }
  if (findings.empty())
    findings.push_back(
        skip(list.name, fmt::format("{}: egress address unknown: give --egress{}", list.title,
                                    egress.addresses.empty() ? "" : " of the target's family")));
  return findings;
}

Findings compare(const Case& the_case, const Allowlist& list) {
  const auto& target = the_case.target;
  const auto proxy = the_case.settings.proxies.choose(name(target.scheme), target.host, target.port);
  const bool outbound = list.direction == Direction::outbound;
  if (proxy.server && outbound)
    return {skip(list.name, fmt::format("{}: the proxy connects to the target, not this machine ({})",
                                        list.title, proxy.reason))};
  if (proxy.server && the_case.settings.egress.empty())
    return {skip(list.name, fmt::format("{}: the target sees the proxy's egress address ({}): give --egress",
                                        list.title, proxy.reason))};
  return outbound ? Outbound{the_case, list}.compare() : compare_vantage(the_case, list);
}

}  // namespace

Findings check_allowlist(const Case& the_case) {
  Findings findings;
  for (const auto& list : the_case.settings.allowlists) {
    const auto day = day_of(the_case.evidence, list);
    for (auto&& part : {list_findings(list, day), compare(the_case, list)})
      findings.insert(findings.end(), part.begin(), part.end());
  }
  return findings;
}

}  // namespace fwprobe::checks
