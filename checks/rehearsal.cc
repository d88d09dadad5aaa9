#include "checks/rehearsal.h"

#include <algorithm>
#include <map>
#include <set>

#include <asio/ip/tcp.hpp>
#include <fmt/format.h>

#include "text/enum_name.h"

namespace fwprobe::checks {
namespace {

using allowlist::address_of, allowlist::number_of, allowlist::Uint128;
using allowlist::PrefixSet;
using asio::ip::address;
using probe::Passage;

constexpr int whole_bits = 5;  // 32 addresses
constexpr std::uint64_t between = 6;
constexpr std::size_t most_ranges = 8;
/// Connections that a kernel tracks at once with room to spare (net.netfilter.nf_conntrack_max).
constexpr std::size_t most_addresses = 50'000;

/// SplitMix64 (Steele, Lea, Flood 2014): scattered, and the same everywhere.
std::uint64_t scatter(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ value >> 30U) * 0xbf58476d1ce4e5b9U;
  value = (value ^ value >> 27U) * 0x94d049bb133111ebU;
  return value ^ value >> 31U;
}

bool can_be_source(const address& one) {
  using enum allowlist::Scope;
  const auto where = allowlist::scope(one);
  return where != unspecified && where != loopback && where != multicast && where != link_local &&
         one != asio::ip::address_v4::broadcast();
}

allowlist::FlowSet flows_to(const probe::TcpEndpoint& service) {
  constexpr std::uint8_t tcp_number = 6;
  allowlist::FlowBox box;
  box.destinations = PrefixSet{allowlist::AddressRange{service.address(), service.address()}};
  box.protocols = allowlist::Protocols{tcp_number, tcp_number};
  box.ports = allowlist::Ports{service.port(), service.port()};
  return allowlist::FlowSet{box};
}

std::vector<probe::TcpEndpoint> translations(std::span<const allowlist::Ruleset> rulesets,
                                             const probe::TcpEndpoint& service) {
  const auto flows = flows_to(service);
  std::set<probe::TcpEndpoint> found;
  for (const auto& ruleset : rulesets)
    for (const auto& chain : ruleset.chains)
      for (const auto& rule : chain.rules) {
        const auto& outcome = rule.outcome;
        if (outcome.verdict != allowlist::Verdict::translate || !rule.match.intersects(flows)) continue;
        const probe::TcpEndpoint target{outcome.address.value_or(service.address()),
                                        outcome.port.value_or(service.port())};
        if (target.protocol() == service.protocol()) found.insert(target);
      }
  return {found.begin(), found.end()};
}

/// What judge_rules() says about whole entries, about one address.
class Computed {
 public:
  explicit Computed(const allowlist::Evaluation& evaluation)
      : accepted_{evaluation.accepted.sources()},
        dropped_{evaluation.dropped.sources()},
        rejected_{evaluation.rejected.sources()} {}

  EntryVerdict of(const address& source) const {
    const bool dropped = dropped_.contains(source);
    const bool rejected = rejected_.contains(source);
    if (accepted_.contains(source))
      return dropped || rejected ? EntryVerdict::unknown : EntryVerdict::allowed;
    if (dropped && rejected) return EntryVerdict::blocked;
    if (dropped) return EntryVerdict::dropped;
    return rejected ? EntryVerdict::refused : EntryVerdict::unknown;
  }

 private:
  PrefixSet accepted_, dropped_, rejected_;
};

/// So that a hole in a large prefix is not missed by a sample.
void add_edges(const PrefixSet& set, std::vector<address>& sources) {
  const auto ranges = set.ranges();
  for (std::size_t i = 0; i < std::min(ranges.size(), most_ranges); ++i)
    for (const auto& edge : {ranges[i].first, ranges[i].last})
      if (can_be_source(edge)) sources.push_back(edge);
}

RehearsalVerdict verdict_of(const RehearsedAddress& one, probe::IcmpErrors errors) {
  if (one.kernel == Passage::unusable) return RehearsalVerdict::unknown;
  if (!agree(one.kernel, one.computed, errors)) return RehearsalVerdict::disagrees;
  if (one.computed == EntryVerdict::unknown) return RehearsalVerdict::unknown;
  return one.kernel == Passage::allowed ? RehearsalVerdict::connects : RehearsalVerdict::stopped;
}

}  // namespace

std::vector<address> rehearsal_sources(const allowlist::Prefix& prefix) {
  const auto& network = prefix.network();
  const int bits = (network.is_v4() ? 32 : 128) - prefix.length();
  const auto base = number_of(network);
  const auto largest = bits == 128 ? ~Uint128{0} : (Uint128{1} << bits) - 1;
  std::set<Uint128> offsets{0, largest};
  if (bits <= whole_bits)
    for (Uint128 i = 0; i <= largest; ++i) offsets.insert(i);
  else
    for (std::uint64_t i = 0; i < between; ++i) {
      const auto seed = scatter(static_cast<std::uint64_t>(base ^ base >> 64U) + i);
      offsets.insert((Uint128{scatter(seed)} << 64U | seed) & largest);
    }
  std::vector<address> sources;
  for (const auto offset : offsets)
    if (const auto one = address_of(base + offset, network); can_be_source(one)) sources.push_back(one);
  return sources;
}

std::expected<RehearsalPlan, std::string> plan_rehearsal(std::span<const allowlist::Ruleset> rulesets,
                                                         const RulesQuestion& question,
                                                         const RulesVerdict& verdict) {
  const auto evaluation = allowlist::evaluate(rulesets, flows_to(*question.service),
                                              allowlist::Direction::inbound, question.position);
  if (!evaluation) return std::unexpected{evaluation.error()};
  const Computed computed{*evaluation};
  RehearsalPlan plan;
  std::map<address, std::size_t> places;
  for (const auto& entry : verdict.entries) {
    auto& mine = plan.entries.emplace_back();
    if (entry.verdict == EntryVerdict::skipped) continue;
    auto sources = rehearsal_sources(std::get<allowlist::Prefix>(entry.entry->what));
    add_edges(entry.missing, sources);
    add_edges(entry.open, sources);
    std::ranges::sort(sources);
    const auto doubles = std::ranges::unique(sources);
    sources.erase(doubles.begin(), doubles.end());
    std::erase(sources, question.service->address());
    for (const auto& source : sources) {
      const auto [place, is_new] = places.try_emplace(source, plan.sources.size());
      if (is_new) {
        plan.sources.push_back(source);
        plan.computed.push_back(computed.of(source));
      }
      mine.push_back(place->second);
    }
    if (plan.sources.size() > most_addresses)
      return std::unexpected{
          fmt::format("the list needs connections from more than {} addresses; rehearse a "
                      "part of it (FILE#KEY=VALUE)",
                      most_addresses)};
  }
  plan.translated = translations(rulesets, *question.service);
  std::erase_if(plan.translated,
                [&](const probe::TcpEndpoint& target) { return places.contains(target.address()); });
  return plan;
}

bool agree(Passage kernel, EntryVerdict computed, probe::IcmpErrors errors) {
  using enum EntryVerdict;
  if (computed == unknown) return true;
  if (kernel == Passage::allowed) return computed == allowed;
  if (computed == blocked) return true;
  if (computed == refused) return kernel == Passage::refused || errors == probe::IcmpErrors::limited;
  return computed == dropped && kernel == Passage::dropped;
}

std::string_view name(RehearsalVerdict verdict) {
  static constexpr std::string_view words[] = {"skipped", "connects", "cannot tell", "stopped", "disagrees"};
  return enum_name(words, verdict);
}

std::string_view name(Passage passage) {
  static constexpr std::string_view words[] = {"unusable", "allowed", "refused", "dropped"};
  return enum_name(words, passage);
}

std::vector<RehearsedEntry> judge_rehearsal(const RehearsalPlan& plan, const RulesVerdict& verdict,
                                            const probe::RehearsalResult& result) {
  std::vector<RehearsedEntry> entries;
  for (std::size_t i = 0; i < plan.entries.size(); ++i) {
    auto& entry = entries.emplace_back();
    if (verdict.entries[i].verdict == EntryVerdict::skipped) continue;
    bool any_tried = false;
    entry.verdict = plan.entries[i].empty() ? RehearsalVerdict::unknown : RehearsalVerdict::connects;
    for (const auto place : plan.entries[i]) {
      const RehearsedAddress one{plan.sources[place], result.passages[place], plan.computed[place]};
      ++entry.addresses;
      any_tried |= one.kernel != Passage::unusable;
      if (one.kernel == Passage::allowed) ++entry.connecting;
      const auto its = verdict_of(one, result.errors);
      if (its <= entry.verdict) continue;
      entry.verdict = its;
      entry.example = one;
    }
    if (!any_tried) continue;
    // What the sample did not meet still holds for the rest of a large prefix.
    const auto whole = verdict.entries[i].verdict;
    const auto at_least = whole == EntryVerdict::allowed   ? RehearsalVerdict::connects
                          : whole == EntryVerdict::unknown ? RehearsalVerdict::unknown
                                                           : RehearsalVerdict::stopped;
    entry.verdict = std::max(entry.verdict, at_least);
  }
  return entries;
}

Status status(const std::vector<RehearsedEntry>& entries) {
  auto worst = RehearsalVerdict::skipped;
  for (const auto& entry : entries) worst = std::max(worst, entry.verdict);
  if (worst == RehearsalVerdict::stopped) return Status::fail;
  return worst == RehearsalVerdict::connects ? Status::pass : Status::error;
}

}  // namespace fwprobe::checks
