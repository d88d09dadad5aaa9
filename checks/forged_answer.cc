#include "checks/forged_answer.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <openssl/x509_vfy.h>

#include "allowlist/prefix.h"
#include "checks/builders.h"
#include "checks/hello.h"
#include "checks/sinkhole.h"

namespace fwprobe::checks {
namespace {

using asio::ip::address;
using probe::DnsLookup;
using probe::DnsOther;
using probe::DnsStatus;
using Addresses = std::vector<address>;

constexpr std::size_t most_asked = 4;

/// Why an answer is in doubt. That resolvers disagree says nothing about what works.
enum class Doubt : std::uint8_t { none, disagreement, silence, wrong_certificate, unlikely_address };

std::string_view reason(Doubt doubt) {
  switch (doubt) {
    case Doubt::none:
      break;
    case Doubt::disagreement:
      return "the resolvers disagree: does a second answer come to one query?";
    case Doubt::silence:
      return "none of the name's addresses answers: does a second answer come to one query?";
    case Doubt::wrong_certificate:
      return "the certificate there is for another name: does a second answer come to one query?";
    case Doubt::unlikely_address:
      return "the name's address cannot be right: does a second answer come to one query?";
  }
  return {};
}

/// Where no service of this name is, whoever says so.
bool is_unlikely(const Case& the_case, const address& where) {
  const auto scope = allowlist::scope(where);
  return scope == allowlist::Scope::unspecified || listed_sinkhole(where, the_case.target.host.name) ||
         (the_case.settings.name_scope == NameScope::expect_public && scope != allowlist::Scope::global);
}

bool is_certificate_of_another(const Case& the_case) {
  const auto verified = verified_name(the_case, the_case.target.host);
  return std::ranges::any_of(the_case.evidence.all<probe::TlsHandshake>(), [&](const auto& handshake) {
    return handshake->question.verify == verified && !is_comparison(the_case.evidence, handshake.id) &&
           std::ranges::find(handshake->verify_errors, X509_V_ERR_HOSTNAME_MISMATCH,
                             &probe::VerifyError::code) != handshake->verify_errors.end();
  });
}

/// What is known of connections to one address.
enum class Connecting : std::uint8_t { unknown, accepted, silent, failed };

Connecting connecting(const Case& the_case, const std::vector<probe::Question>& overdue,
                      const address& where) {
  const probe::TcpEndpoint remote{where, the_case.target.port};
  auto known = Connecting::unknown;
  for (const auto& attempt : the_case.evidence.all<probe::TcpConnect>()) {
    if (attempt->question.remote != remote) continue;
    if (attempt->result) return Connecting::accepted;
    // On loopback a closed port refuses, whoever sent us there.
    const bool silent = where.is_loopback() || timed_out(attempt->result.error());
    known = silent ? Connecting::silent : Connecting::failed;
  }
  const auto waits = [&](const probe::Question& question) {
    const auto* connect = std::get_if<probe::TcpQuestion>(&question);
    return connect != nullptr && connect->remote == remote;
  };
  return std::ranges::any_of(overdue, waits) ? Connecting::silent : known;
}

/// A refusal or an ICMP error is an answer, whose cause is known at once and must not wait for this.
bool is_silent(const Case& the_case, const std::vector<probe::Question>& overdue,
               const Addresses& addresses) {
  bool silent = false;
  for (const auto& where : addresses) {
    const auto known = connecting(the_case, overdue, where);
    if (known == Connecting::accepted || known == Connecting::unknown) return false;
    silent = silent || known == Connecting::silent;
  }
  return silent;
}

/// Whether the lookup is one of the name's own, or its repetition for DnsListen::all.
bool is_of(const Resolution& resolution, probe::DnsQuestion question) {
  question.listen = probe::DnsListen::first;
  return std::ranges::find(resolution.questions, question) != resolution.questions.end();
}

bool disagree(const Case& the_case, const Resolution& resolution) {
  std::vector<std::pair<probe::UdpEndpoint, std::set<address>>> views;
  for (const auto& lookup : the_case.evidence.all<DnsLookup>()) {
    if (lookup->question.listen == probe::DnsListen::all || !is_of(resolution, lookup->question)) continue;
    if (lookup->status != DnsStatus::answered && lookup->status != DnsStatus::nxdomain) continue;
    auto view =
        std::ranges::find(views, lookup->question.resolver, [](const auto& one) { return one.first; });
    if (view == views.end()) view = views.emplace(view, lookup->question.resolver, std::set<address>{});
    for (const auto& record : lookup->addresses) view->second.insert(record.address);
  }
  const auto in_common = [](const auto& a, const auto& b) {
    return a.empty() == b.empty() &&
           (a.empty() || std::ranges::any_of(a, [&](const auto& one) { return b.contains(one); }));
  };
  return std::ranges::any_of(views,
                             [&](const auto& view) { return !in_common(views.front().second, view.second); });
}

Doubt doubt_about(const Case& the_case, const std::vector<probe::Question>& overdue,
                  const Resolution& resolution) {
  if (std::ranges::any_of(resolution.addresses,
                          [&](const auto& where) { return is_unlikely(the_case, where); }))
    return Doubt::unlikely_address;
  if (is_certificate_of_another(the_case)) return Doubt::wrong_certificate;
  if (resolution.settled && is_silent(the_case, overdue, resolution.addresses)) return Doubt::silence;
  return resolution.settled && disagree(the_case, resolution) ? Doubt::disagreement : Doubt::none;
}

/// Only these say something about the name; a resolver may send SERVFAIL behind an answer of its own.
bool speaks(DnsStatus status) {
  return status == DnsStatus::answered || status == DnsStatus::nodata || status == DnsStatus::nxdomain;
}

/// How sure it is that two answers to one query are not of one resolver; none when they may be. A query that
/// the network doubled is answered twice, and addresses may have been rotated in between.
std::optional<Confidence> contradiction(const Case& the_case, const DnsOther& a, const DnsOther& b) {
  if (!speaks(a.status) || !speaks(b.status)) return std::nullopt;
  const auto both = [&](const address& one) {
    return std::ranges::find(b.addresses, one) != b.addresses.end();
  };
  if (std::ranges::any_of(a.addresses, both)) return std::nullopt;
  if (a.addresses.empty() && b.addresses.empty()) return std::nullopt;
  if (a.addresses.empty() || b.addresses.empty()) return Confidence::high;
  const auto elsewhere = [&](const address& one) {
    return allowlist::scope(one) != allowlist::Scope::global ||
           listed_sinkhole(one, the_case.target.host.name).has_value();
  };
  const bool differs =
      std::ranges::any_of(a.addresses, elsewhere) != std::ranges::any_of(b.addresses, elsewhere);
  return differs ? Confidence::high : Confidence::medium;
}

DnsOther first_of(const DnsLookup& lookup) {
  DnsOther first{lookup.status, {}};
  for (const auto& record : lookup.addresses) first.addresses.push_back(record.address);
  return first;
}

std::string said(const DnsOther& answer) {
  if (answer.status == DnsStatus::nxdomain) return "that the name does not exist (NXDOMAIN)";
  if (answer.addresses.empty()) return "that the name has no such address (NODATA)";
  constexpr std::size_t shown = 4;
  std::string all;
  for (std::size_t i = 0; i < std::min(shown, answer.addresses.size()); ++i)
    all += (i == 0 ? "" : ", ") + answer.addresses[i].to_string();
  return answer.addresses.size() > shown ? all + ", …" : all;
}

}  // namespace

std::vector<Planned> forgery_questions(const Case& the_case, const std::vector<probe::Question>& overdue) {
  const auto& target = the_case.target;
  if (the_case.settings.proxies.choose(name(target.scheme), target.host, target.port).server) return {};
  const auto resolution = resolve_host(the_case, target.host);
  if (resolution.source != NameSource::resolver) return {};
  const auto doubt = doubt_about(the_case, overdue, resolution);
  if (doubt == Doubt::none) return {};
  std::vector<Planned> planned;
  for (const auto& lookup : the_case.evidence.all<DnsLookup>()) {
    auto question = lookup->question;
    const bool is_own = question.listen == probe::DnsListen::first && is_of(resolution, question);
    // Nobody stands between this machine and itself; over TCP nobody can answer in between.
    if (!is_own || question.resolver.address().is_loopback() || lookup->truncated_udp) continue;
    if (lookup->status != DnsStatus::answered &&
        (doubt != Doubt::disagreement || lookup->status != DnsStatus::nxdomain))
      continue;
    question.listen = probe::DnsListen::all;
    if (planned.size() < most_asked) planned.push_back({std::move(question), std::string{reason(doubt)}});
  }
  return planned;
}

std::vector<Finding> judge_forgery(const Case& the_case, const Resolution& resolution) {
  const auto& host = the_case.target.host.name;
  std::optional<Finding> forged, strange;
  for (const auto& lookup : the_case.evidence.all<DnsLookup>()) {
    if (lookup->question.listen != probe::DnsListen::all || !is_of(resolution, lookup->question)) continue;
    const auto& server = lookup->question.resolver;
    const auto resolver = host_port(server.address().to_string(), server.port());
    if (lookup->strangers > 0 && !strange) {
      strange =
          pass(Check::dns, host,
               fmt::format("{} datagrams from {} did not answer the query that was sent; somebody may try to "
                           "forge its answers",
                           lookup->strangers, resolver),
               {lookup.id});
      strange->confidence = Confidence::low;
    }
    const auto first = first_of(*lookup.fact);
    for (const auto& other : lookup->others) {
      const auto sure = contradiction(the_case, first, other);
      if (!sure || (forged && forged->confidence >= *sure)) continue;
      const bool works = doubt_about(the_case, {}, resolution) == Doubt::disagreement;
      forged = problem(works ? Status::warn : Status::fail, Check::dns, host, Cause::dns_forged_answer,
                       fmt::format("one query to {} was answered twice: with {}, and with {}", resolver,
                                   said(first), said(other)),
                       {lookup.id}, {{"host", host}, {"resolver", resolver}});
      forged->confidence = *sure;
      forged->location = Location{Where::path, {}, {}, {}, {}};
    }
  }
  if (forged) return {*std::move(forged)};
  if (strange) return {*std::move(strange)};
  return {};
}

}  // namespace fwprobe::checks
