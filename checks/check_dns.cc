// The DNS check: does the name resolve, to something usable, and do the resolvers agree?

#include <algorithm>

#include <fmt/format.h>

#include "allowlist/prefix.h"
#include "checks/builders.h"
#include "checks/checks.h"
#include "checks/connect_failure.h"
#include "checks/forged_answer.h"
#include "checks/resolution.h"
#include "checks/sinkhole.h"

namespace fwprobe::checks {
namespace {

using probe::DnsLookup;
using probe::DnsStatus;

Location at_resolver() { return {Where::resolver, {}, {}, {}, {}}; }

std::string text(const probe::UdpEndpoint& resolver) {
  return host_port(resolver.address().to_string(), resolver.port());
}

/// What a status without addresses means, the more telling ones first: of two families that failed
/// differently, the first row that matches speaks for the name.
struct Meaning {
  DnsStatus status;
  Cause cause;
  std::string_view words;
};
constexpr Meaning meanings[] = {
    {DnsStatus::nxdomain, Cause::dns_nxdomain, "says that the name does not exist (NXDOMAIN)"},
    {DnsStatus::alias_loop, Cause::dns_cname_loop, "gives an alias chain that does not end"},
    {DnsStatus::malformed, Cause::dns_malformed, "gives an answer that cannot be used"},
    {DnsStatus::refused, Cause::dns_refused, "refuses to answer (REFUSED)"},
    {DnsStatus::servfail, Cause::dns_servfail, "failed (SERVFAIL)"},
    {DnsStatus::formerr, Cause::dns_servfail, "does not understand the question (FORMERR)"},
    {DnsStatus::notimp, Cause::dns_servfail, "does not implement the question (NOTIMP)"},
    {DnsStatus::other_rcode, Cause::dns_servfail, "answers with an error code"},
    {DnsStatus::unreachable, Cause::dns_unreachable, "cannot be reached"},
    {DnsStatus::timeout, Cause::dns_timeout, "does not answer"},
    {DnsStatus::nodata, Cause::dns_nodata, "knows the name, without an address (NODATA)"},
};

/// What one resolver said about the name: the lookups of both families for the first candidate that it knows.
struct Answer {
  probe::UdpEndpoint resolver;
  std::vector<Item<DnsLookup>> lookups;
  std::vector<asio::ip::address> addresses;

  const Meaning* meaning() const {
    for (const auto& row : meanings)
      if (std::ranges::any_of(lookups, [&](const auto& lookup) { return lookup->status == row.status; }))
        return &row;
    return nullptr;
  }
  const DnsLookup& telling() const {
    const auto* row = meaning();
    return *std::ranges::find_if(lookups, [&](const auto& lookup) {
              return row == nullptr || lookup->status == row->status;
            })->fact;
  }
  Ids ids() const {
    Ids all;
    for (const auto& lookup : lookups) all.push_back(lookup.id);
    return all;
  }
  /// The resolver has spoken about the name; a client goes on to the next one only when it has not
  /// (resolv.conf(5)).
  bool definitive() const {
    const auto* row = meaning();
    return !addresses.empty() ||
           (row != nullptr && (row->status == DnsStatus::nxdomain || row->status == DnsStatus::nodata));
  }
};

Answer answer_of(const Case& the_case, const probe::UdpEndpoint& resolver) {
  const auto& environment = the_case.evidence.environment();
  Answer last{resolver, {}, {}};
  for (const auto& name : candidate_names(environment.resolver, the_case.target.host.name)) {
    Answer answer{resolver, {}, {}};
    for (const auto& lookup : the_case.evidence.all<DnsLookup>()) {
      const auto& question = lookup->question;
      if (question.resolver != resolver || question.name != name ||
          question.transport != probe::DnsTransport::udp || question.listen != probe::DnsListen::first)
        continue;
      answer.lookups.push_back(lookup);
      for (const auto& record : lookup->addresses)
        if (wanted(the_case.settings, record.address)) answer.addresses.push_back(record.address);
    }
    if (!answer.addresses.empty()) return answer;
    if (!answer.lookups.empty()) last = std::move(answer);
  }
  return last;
}

std::string joined(const std::vector<asio::ip::address>& addresses) {
  constexpr std::size_t shown = 8;
  std::string all;
  for (std::size_t i = 0; i < std::min(shown, addresses.size()); ++i)
    all += (i == 0 ? "" : ", ") + addresses[i].to_string();
  if (addresses.size() > shown) all += fmt::format(" and {} more", addresses.size() - shown);
  return all;
}

std::string chain_of(const DnsLookup& lookup) {
  std::string chain;
  for (const auto& alias : lookup.aliases) chain += (chain.empty() ? alias.from + " → " : " → ") + alias.to;
  return chain;
}

std::string addresses_in_words(const Answer& answer, const std::string& asked) {
  std::string words = joined(answer.addresses);
  for (const auto& lookup : answer.lookups) {
    if (lookup->addresses.empty() || lookup->aliases.empty()) continue;
    words += fmt::format(" by way of {}", chain_of(*lookup.fact));
    break;
  }
  if (const auto& name = answer.lookups.front()->question.name; name != asked)
    words += fmt::format(", as {} by the search list", name);
  return words;
}

Facts facts(const Case& the_case, const Answer& answer) {
  Facts known{{"host", the_case.target.host.name}, {"resolver", text(answer.resolver)}};
  if (!answer.lookups.empty()) known.emplace_back("chain", chain_of(answer.telling()));
  if (!answer.addresses.empty()) known.emplace_back("address", joined(answer.addresses));
  return known;
}

std::string failure_in_words(const Answer& answer) {
  const auto& lookup = answer.telling();
  auto words = fmt::format("{} {}", text(answer.resolver), answer.meaning()->words);
  // An answer too large for UDP is given over TCP only (RFC 7766 §5), so a rule for UDP alone is not enough.
  if (lookup.truncated_udp &&
      (lookup.status == DnsStatus::timeout || lookup.status == DnsStatus::unreachable))
    words += " over TCP, where its truncated answer over UDP sends us";
  if (!lookup.detail.empty()) words += ": " + lookup.detail;
  if (lookup.failure) words += ": " + lookup.failure->error.message();
  if (lookup.failure && lookup.failure->icmp)
    words += fmt::format(", said by {}", lookup.failure->icmp->sender.to_string());
  if (lookup.status == DnsStatus::other_rcode && lookup.rcode)
    words += fmt::format(" (RCODE {})", *lookup.rcode);
  if (lookup.status == DnsStatus::alias_loop) words += ": " + chain_of(lookup);
  return words;
}

/// The query never left this machine: then the resolver is not to blame.
std::optional<Finding> not_asked(const Case& the_case, const Answer& answer, Status status) {
  const auto& lookup = answer.telling();
  // Over TCP, an errno without its ICMP message may be a router's (icmp(7)).
  if (lookup.status != DnsStatus::unreachable || !lookup.failure || lookup.truncated_udp) return std::nullopt;
  const auto verdict = refused_here(*lookup.failure, answer.resolver.address(),
                                    the_case.evidence.environment(), the_case.settings.source);
  if (!verdict) return std::nullopt;
  auto known = facts(the_case, answer);
  known.push_back(blamed_address(*lookup.failure, answer.resolver.address(), the_case.settings.source));
  known.emplace_back("port", std::to_string(answer.resolver.port()));
  auto finding =
      problem(status, Check::dns, the_case.target.host.name, verdict->cause,
              fmt::format("the resolver {} cannot be asked: {}", text(answer.resolver), verdict->words),
              answer.ids(), known);
  finding.location = verdict->location;
  finding.confidence = verdict->confidence;
  return finding;
}

Finding failed(const Case& the_case, const Answer& answer, Status status) {
  if (auto finding = not_asked(the_case, answer, status)) return *std::move(finding);
  auto finding = problem(status, Check::dns, the_case.target.host.name, answer.meaning()->cause,
                         failure_in_words(answer), answer.ids(), facts(the_case, answer));
  finding.location = at_resolver();
  const auto& lookup = answer.telling();
  for (const auto& other : the_case.evidence.all<DnsLookup>()) {
    auto question = lookup.question;
    question.transport = probe::DnsTransport::tcp;
    if (other->question != question) continue;
    finding.evidence.push_back(other.id);
    if (other->status == DnsStatus::answered || other->status == DnsStatus::nodata ||
        other->status == DnsStatus::nxdomain)
      finding.summary += "; over TCP it does, so UDP port 53 is blocked or tampered with on the way";
    break;
  }
  return finding;
}

bool share_an_address(const Answer& a, const Answer& b) {
  return std::ranges::any_of(a.addresses, [&](const auto& address) {
    return std::ranges::find(b.addresses, address) != b.addresses.end();
  });
}

/// Two resolvers that name different addresses may both be right (load balancing by place); one that knows no
/// address where the other does leaves clients to chance.
void compare(const Case& the_case, const std::vector<Answer>& answers, Findings& findings) {
  const auto first = std::ranges::find_if(answers, &Answer::definitive);
  if (first == answers.end()) return;
  for (auto other = std::next(first); other != answers.end(); ++other) {
    if (!other->definitive() || share_an_address(*first, *other)) continue;
    if (first->addresses.empty() && other->addresses.empty()) continue;
    const bool one_has_none = first->addresses.empty() || other->addresses.empty();
    const auto said = [](const Answer& answer) {
      return answer.addresses.empty() ? std::string{"no address"} : joined(answer.addresses);
    };
    auto ids = first->ids();
    std::ranges::copy(other->ids(), std::back_inserter(ids));
    auto finding = problem(one_has_none ? Status::fail : Status::warn, Check::dns, the_case.target.host.name,
                           Cause::dns_disagreement,
                           fmt::format("{} says {}, {} says {}", text(first->resolver), said(*first),
                                       text(other->resolver), said(*other)),
                           std::move(ids), facts(the_case, *first));
    finding.location = at_resolver();
    findings.push_back(std::move(finding));
    return;
  }
}

bool reached(const Case& the_case, const asio::ip::address& address) {
  return std::ranges::any_of(the_case.evidence.all<probe::TcpConnect>(), [&](const auto& attempt) {
    return attempt->result && attempt->question.remote.address() == address &&
           attempt->question.remote.port() == the_case.target.port;
  });
}

/// 0.0.0.0/8 and :: are never a service. Loopback may be one, for a name that this machine serves itself;
/// where nothing answers there, it is a filter's way to say no.
bool is_unusable(const Case& the_case, const asio::ip::address& address, NameSource source) {
  using allowlist::Scope;
  const auto scope = allowlist::scope(address);
  if (scope == Scope::unspecified) return true;
  if (scope != Scope::loopback || source != NameSource::resolver) return false;
  const auto& name = the_case.target.host.name;
  if (name == "localhost" || name.ends_with(".localhost")) return false;  // RFC 6761 §6.3
  return !reached(the_case, address);
}

/// The filter that an alias on the way leads to; its addresses need not be known then.
std::optional<Sinkhole> sinkhole_by_alias(const Case& the_case, const Ids& ids) {
  for (const auto id : ids) {
    const auto* lookup = the_case.evidence.find<DnsLookup>(id);
    if (lookup == nullptr) continue;
    for (const auto& alias : lookup->aliases)
      if (auto found = listed_sinkhole(alias.to, the_case.target.host.name)) return found;
  }
  return std::nullopt;
}

/// Which of the addresses block the name, and by whose word.
struct Blocking {
  std::vector<asio::ip::address> addresses;
  std::optional<Sinkhole> filter;
};

Blocking blocking(const Case& the_case, const Resolution& resolution, const Ids& ids) {
  Blocking found;
  // A literal address and --resolve are the user's own word.
  if (resolution.source == NameSource::literal || resolution.source == NameSource::override) return found;
  found.filter = sinkhole_by_alias(the_case, ids);
  if (found.filter) {
    found.addresses = resolution.addresses;
    return found;
  }
  for (const auto& address : resolution.addresses) {
    const auto listed = listed_sinkhole(address, the_case.target.host.name);
    if (listed && !found.filter) found.filter = listed;
    if (listed || is_unusable(the_case, address, resolution.source)) found.addresses.push_back(address);
  }
  return found;
}

/// What the addresses must be, and are not.
void judge_addresses(const Case& the_case, const Resolution& resolution, const Ids& ids, const Facts& known,
                     Findings& findings) {
  const auto& host = the_case.target.host.name;
  const auto& settings = the_case.settings;
  const auto report = [&](Cause cause, std::string summary, Status status = Status::fail) {
    auto finding = problem(status, Check::dns, host, cause, std::move(summary), ids, known);
    finding.location = at_resolver();
    // The hosts file is this machine's own.
    if (resolution.source == NameSource::hosts_file) finding.location->where = Where::local;
    findings.push_back(std::move(finding));
  };
  std::vector<asio::ip::address> unlike;
  for (const auto& address : resolution.addresses) {
    const auto scope = allowlist::scope(address);
    if (settings.name_scope == NameScope::expect_public && scope != allowlist::Scope::global)
      unlike.push_back(address);
    if (settings.name_scope == NameScope::expect_private && !allowlist::is_private(scope))
      unlike.push_back(address);
  }
  if (const auto blocks = blocking(the_case, resolution, ids); !blocks.addresses.empty()) {
    const bool all = blocks.addresses.size() == resolution.addresses.size();
    auto more = known;
    more.emplace_back("filter", blocks.filter ? std::string{blocks.filter->filter} : "the DNS filter");
    auto finding =
        problem(all ? Status::fail : Status::warn, Check::dns, host, Cause::dns_sinkhole,
                fmt::format("{} resolves to {}, a blocking address{}", host, joined(blocks.addresses),
                            blocks.filter ? fmt::format(" of {}", blocks.filter->filter) : std::string{}),
                ids, more);
    finding.location = at_resolver();
    if (resolution.source == NameSource::hosts_file) finding.location->where = Where::local;
    if (blocks.filter) finding.confidence = blocks.filter->confidence;
    findings.push_back(std::move(finding));
  } else if (!unlike.empty() && settings.name_scope == NameScope::expect_public) {
    report(Cause::dns_private_address,
           fmt::format("{} resolves to {}, which cannot be reached from outside", host, joined(unlike)));
  } else if (!unlike.empty()) {
    report(Cause::dns_public_address,
           fmt::format("{} resolves to {}, which is not private", host, joined(unlike)));
  }
  if (settings.expected_addresses.empty()) return;
  std::vector<asio::ip::address> outside;
  for (const auto& address : resolution.addresses)
    if (std::ranges::none_of(settings.expected_addresses,
                             [&](const auto& prefix) { return prefix.contains(address); }))
      outside.push_back(address);
  if (outside.empty()) return;
  std::string expected;
  for (const auto& prefix : settings.expected_addresses)
    expected += (expected.empty() ? "" : ", ") + prefix.text();
  report(Cause::dns_public_address,
         fmt::format("{} resolves to {}, outside of {}", host, joined(outside), expected));
}

Findings judge_resolvers(const Case& the_case, const Resolution& resolution) {
  Findings findings;
  std::vector<Answer> answers;
  for (const auto& resolver : resolvers(the_case))
    if (auto answer = answer_of(the_case, resolver); !answer.lookups.empty())
      answers.push_back(std::move(answer));
  const bool resolved = !resolution.addresses.empty();
  const Answer* used = nullptr;
  for (const auto& answer : answers) {
    if (!answer.addresses.empty()) {
      if (used == nullptr) used = &answer;
      findings.push_back(pass(Check::dns, the_case.target.host.name,
                              fmt::format("{} says {}", text(answer.resolver),
                                          addresses_in_words(answer, the_case.target.host.name)),
                              answer.ids()));
      // Clients wait for both families; a resolver that drops one of them delays each of their connections.
      const auto silent = std::ranges::find(answer.lookups, DnsStatus::timeout,
                                            [](const auto& lookup) { return lookup->status; });
      if (silent != answer.lookups.end())
        findings.push_back(problem(
            Status::warn, Check::dns, the_case.target.host.name, Cause::dns_timeout,
            fmt::format("{} does not answer for {} addresses, which delays clients", text(answer.resolver),
                        (*silent)->question.type == probe::DnsType::a ? "IPv4" : "IPv6"),
            {silent->id}, facts(the_case, answer)));
    } else if (answer.meaning() != nullptr) {
      findings.push_back(failed(the_case, answer, resolved ? Status::warn : Status::fail));
    }
  }
  // A forged answer explains whatever else is wrong with it.
  std::ranges::move(judge_forgery(the_case, resolution), std::back_inserter(findings));
  compare(the_case, answers, findings);
  if (used != nullptr) judge_addresses(the_case, resolution, used->ids(), facts(the_case, *used), findings);
  return findings;
}

}  // namespace

Findings check_dns(const Case& the_case) {
  const auto& [target, settings, evidence] = the_case;
  const auto& host = target.host;
  if (settings.proxies.choose(name(target.scheme), host, target.port).server)
    return {skip(Check::dns, host.name, "the proxy resolves the name")};
  const auto resolution = resolve_host(the_case, host);
  const auto environments = evidence.all<probe::Environment>();
  const Ids system = environments.empty() ? Ids{} : Ids{environments.front().id};
  switch (resolution.source) {
    case NameSource::literal: {
      Findings findings{skip(Check::dns, host.name, "an address; there is nothing to resolve")};
      judge_addresses(the_case, resolution, system, {{"host", host.name}, {"address", host.name}}, findings);
      return findings;
    }
    case NameSource::override: {
      Findings findings{pass(
          Check::dns, host.name,
          fmt::format("{}, given by --resolve; DNS was not asked", joined(resolution.addresses)), system)};
      judge_addresses(the_case, resolution, system,
                      {{"host", host.name}, {"address", joined(resolution.addresses)}}, findings);
      return findings;
    }
    case NameSource::hosts_file: {
      Findings findings{
          pass(Check::dns, host.name,
               fmt::format("{}, from this machine's hosts file, as the system would; DNS was not asked",
                           joined(resolution.addresses)),
               system)};
      judge_addresses(the_case, resolution, system,
                      {{"host", host.name}, {"address", joined(resolution.addresses)}}, findings);
      return findings;
    }
    case NameSource::resolver:
      break;
  }
  return judge_resolvers(the_case, resolution);
}

}  // namespace fwprobe::checks
