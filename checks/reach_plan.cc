#include "checks/reach_plan.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "allowlist/prefix_set.h"

namespace fwprobe::checks {
namespace {

using allowlist::AddressRange, allowlist::Entry, allowlist::Prefix, allowlist::PrefixSet;
using allowlist::Uint128, allowlist::address_of, allowlist::number_of;
using asio::ip::address;

constexpr std::size_t few_ports = 16;  ///< of one entry, which are probed all
constexpr int most_host_bits = 16;     ///< of a prefix that is probed whole
constexpr std::size_t most_connections = 1'000'000;

int host_bits(const Prefix& prefix) { return (prefix.network().is_v4() ? 32 : 128) - prefix.length(); }

Uint128 size(const AddressRange& range) { return number_of(range.last) - number_of(range.first) + 1; }

/// The first, the last, and those between at equal distances. Never of all of IPv6, whose size does not fit.
std::vector<address> spread(const PrefixSet& set, Uint128 count) {
  const auto ranges = set.ranges();
  Uint128 last = 0;
  for (const auto& range : ranges) last += size(range);
  count = std::min(count, last);
  --last;
  std::vector<address> all;
  all.reserve(static_cast<std::size_t>(count));
  auto range = ranges.begin();
  Uint128 passed = 0;
  for (Uint128 i = 0; i < count; ++i) {
    const auto at = count == 1 ? 0 : last / (count - 1) * i + last % (count - 1) * i / (count - 1);
    for (; at - passed >= size(*range); ++range) passed += size(*range);
    all.push_back(address_of(number_of(range->first) + (at - passed), range->first));
  }
  return all;
}

/// Where no other machine is, or none that routers lead to: this host, loopback, link-local, multicast and
/// reserved (RFC 6890 §2.2.2); of IPv6 all but 2000::/3 (RFC 4291 §2.4).
const PrefixSet& nowhere() {
  static const auto set = allowlist::prefixes_of(
      {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/3", "4000::/2", "8000::/1"});
  return set;
}

std::size_t port_count(std::span<const allowlist::PortRange> ranges) {
  std::size_t count = 0;
  for (const auto& range : ranges) count += range.last - range.first + 1U;
  return count;
}

/// All of few; of many the ends of the ranges.
std::vector<std::uint16_t> chosen_ports(std::span<const allowlist::PortRange> ranges) {
  const bool all = port_count(ranges) <= few_ports;
  std::vector<std::uint16_t> ports;
  for (const auto& range : ranges)
    for (unsigned port = range.first; port <= range.last; port += all ? 1U : std::max(1U, range.last - port))
      ports.push_back(static_cast<std::uint16_t>(port));
  std::ranges::sort(ports);
  ports.erase(std::ranges::unique(ports).begin(), ports.end());
  return ports;
}

std::string_view family_name(bool v6) { return v6 ? "IPv6" : "IPv4"; }

std::string why_skipped(const Entry& entry, const ReachChoice& choice) {
  if (entry.protocol == allowlist::Protocol::udp)
    return "UDP: silence is a common answer of a service that is reached, so no probe could tell";
  if (const auto* prefix = std::get_if<Prefix>(&entry.what)) {
    const bool v6 = prefix->network().is_v6();
    if (choice.family && v6 != (*choice.family == Family::ipv6))
      return fmt::format("{}, and only {} is probed (-{}, or the family of --source)", family_name(v6),
                         family_name(!v6), v6 ? 4 : 6);
    return {};
  }
  if (std::get<allowlist::Domain>(entry.what).wildcard && entry.examples.empty())
    return "a wildcard cannot be probed itself; give names below it as examples: [host, …] in the list";
  return {};
}

std::string assumptions(const ReachPlan& plan, const ReachChoice& choice) {
  if (plan.entry->ports.empty())
    return fmt::format("it is for any port; {} is probed (--port chooses another)", choice.port);
  if (const auto count = port_count(plan.entry->ports); count > plan.ports.size())
    return fmt::format("{} of its {} ports are probed, the ends of the ranges", plan.ports.size(), count);
  return {};
}

std::expected<ReachPlan, std::string> plan_entry(const Entry& entry, const ReachChoice& choice) {
  ReachPlan plan{&entry, why_skipped(entry, choice), {}, {}, {}, {}};
  if (!plan.skipped.empty()) return plan;
  plan.ports = entry.ports.empty() ? std::vector{choice.port} : chosen_ports(entry.ports);
  plan.note = assumptions(plan, choice);
  if (const auto* domain = std::get_if<allowlist::Domain>(&entry.what)) {
    plan.hosts = domain->wildcard ? entry.examples : std::vector{domain->name};
    return plan;
  }
  const auto& prefix = std::get<Prefix>(entry.what);
  if (!choice.sample && host_bits(prefix) > most_host_bits)
    return std::unexpected{
        fmt::format("--all: {} has more than {} addresses; --sample N probes some of each prefix",
                    prefix.text(), 1 << most_host_bits)};
  plan.addresses = choice.sample ? sample(prefix, *choice.sample)
                                 : spread(PrefixSet{prefix}, Uint128{1} << most_host_bits);
  return plan;
}

}  // namespace

std::vector<address> sample(const Prefix& prefix, std::size_t count) {
  if (host_bits(prefix) == 0) return {prefix.network()};
  auto first = number_of(prefix.network());
  auto last = number_of(prefix.last());
  // /31 and /127 have two hosts (RFC 3021, RFC 6164).
  if (host_bits(prefix) > 1) {
    ++first;
    if (prefix.network().is_v4()) --last;
  }
  const PrefixSet hosts{
      AddressRange{address_of(first, prefix.network()), address_of(last, prefix.network())}};
  const auto elsewhere = hosts - nowhere();
  return spread(elsewhere.empty() ? hosts : elsewhere, count);
}

std::expected<std::vector<ReachPlan>, std::string> plan_reach(const allowlist::Allowlist& list,
                                                              const ReachChoice& choice) {
  std::vector<ReachPlan> plans;
  plans.reserve(list.entries.size());
  std::size_t connections = 0;
  for (const auto& entry : list.entries) {
    if (!in_force(entry, choice.day)) continue;
    auto plan = plan_entry(entry, choice);
    if (!plan) return std::unexpected{std::move(plan.error())};
    connections += plan->ports.size() * (plan->addresses.size() + plan->hosts.size());
    if (connections > most_connections)
      return std::unexpected{
          fmt::format("more than {} connections; {} makes them fewer", most_connections,
                      choice.sample ? "a smaller --sample" : "--sample in place of --all")};
    plans.push_back(std::move(*plan));
  }
  return plans;
}

}  // namespace fwprobe::checks
