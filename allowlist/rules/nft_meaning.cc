#include "allowlist/rules/nft_meaning.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "allowlist/rules/chain_origin.h"
#include "allowlist/rules/linux_words.h"
#include "allowlist/rules/nft_fields.h"
#include "allowlist/rules/packet_match.h"

namespace fwprobe::allowlist::nft {
namespace {

constexpr std::array packets{Packet::opening, Packet::reply, Packet::following};

constexpr std::pair<std::string_view, Hook> hooks[] = {{"prerouting", Hook::prerouting},
                                                       {"input", Hook::input},
                                                       {"forward", Hook::forward},
                                                       {"output", Hook::output},
                                                       {"postrouting", Hook::postrouting}};

/// Connection tracking's own priority, NF_IP_PRI_CONNTRACK.
constexpr int tracking_priority = -200;

bool is_internet(const TableName& table) {
  return table.family == "ip" || table.family == "ip6" || table.family == "inet";
}

FlowSet scope_of(const TableName& table) {
  FlowBox box;
  if (table.family == "ip") box.sources = all_v4();
  if (table.family == "ip6") box.sources = all_v6();
  return FlowSet{box};
}

std::string full_name(const ChainBlock& chain) {
  return fmt::format("{} {} {}", chain.table.family, chain.table.table, chain.name);
}

/// Nothing also for a hook that is not read.
std::optional<BaseChain> base_of(const ChainBlock& block) {
  const auto hook = std::ranges::find(hooks, block.hook, &std::pair<std::string_view, Hook>::first);
  if (hook == std::end(hooks)) return std::nullopt;
  return BaseChain{.hook = hook->second,
                   .priority = block.priority,
                   .policy = block.drops ? Verdict::drop : Verdict::accept,
                   .policy_name = {},
                   .scope = scope_of(block.table),
                   .translates = block.type == "nat"};
}

bool may_end(const RuleLine& rule) {
  return std::ranges::any_of(rule.statements, [](const Statement& statement) {
    const auto* decision = std::get_if<Decision>(&statement.what);
    if (decision != nullptr)
      return decision->verdict != Verdict::accept && decision->verdict != Verdict::next;
    return std::holds_alternative<NotUnderstood>(statement.what) ||
           std::holds_alternative<VerdictMap>(statement.what);
  });
}

/// Whether the kernel tracks the connections of the table's family for its sake (nf_ct_netns_get()). In a
/// table of both families a translation may be of one.
bool needs_tracking(const Statement& statement, const TableName& table) {
  const auto is_ct = [](std::string_view field) { return field.starts_with("ct "); };
  if (const auto* match = std::get_if<Match>(&statement.what))
    return std::ranges::any_of(match->fields, is_ct, &Field::name);
  if (const auto* map = std::get_if<VerdictMap>(&statement.what))
    return std::ranges::any_of(map->fields, is_ct, &Field::name);
  if (const auto* change = std::get_if<Change>(&statement.what))
    return is_ct(change->field) || std::ranges::any_of(change->from, is_ct);
  return table.family != "inet" && (std::holds_alternative<Translation>(statement.what) ||
                                    std::holds_alternative<SourceTranslation>(statement.what));
}

class Meaning {
 public:
  Meaning(Listing listing, const RulesView& view)
      : listing_{std::move(listing)}, view_{view}, sets_{listing_.sets} {}

  std::expected<Ruleset, Complaint> read() && {
    leave_out_dormant();
    for (const auto& chain : listing_.chains)
      if (is_early(chain)) early_tables_.insert(chain.table);
    look_for_tracking();
    link();
    for (const auto packet : packets)
      for (std::size_t i = 0; i < listing_.chains.size(); ++i)
        if (auto complaint = add(i, packet)) return std::unexpected{std::move(*complaint)};
    for (const auto& set : listing_.sets) note(set);
    return std::move(ruleset_);
  }

 private:
  /// The kernel has none of their chains at a hook.
  void leave_out_dormant() {
    const auto is_dormant = [&](const ChainBlock& chain) { return listing_.dormant.contains(chain.table); };
    for (const auto& chain : listing_.chains)
      if (is_dormant(chain) && !chain.hook.empty())
        ruleset_.notes.push_back({chain.place.line,
                                  fmt::format("chain {} is left out: its table is dormant", full_name(chain)),
                                  {}});
    std::erase_if(listing_.chains, is_dormant);
  }

  void look_for_tracking() {
    for (const auto& chain : listing_.chains)
      for (const auto& rule : chain.rules)
        for (const auto& statement : rule.statements) {
          untracked_ |= std::holds_alternative<Untracked>(statement.what);
          if (needs_tracking(statement, chain.table)) tracked_families_.insert(chain.table.family);
        }
  }

  FlowSet perhaps_not_tracked(FlowSet flows) const {
    for (const auto& family : tracked_families_) flows -= scope_of({family, {}});
    return flows;
  }

  void link() {
    for (std::size_t i = 0; i < listing_.chains.size(); ++i)
      places_.try_emplace({listing_.chains[i].table, listing_.chains[i].name}, i);
    std::vector<ChainLinks> links;
    for (const auto& block : listing_.chains) {
      auto& mine = links.emplace_back();
      if (const auto base = base_of(block)) mine.start = start_of(*base, view_);
      const auto add = [&](const Decision& decision) {
        if (decision.target.empty()) return;
        const auto target = places_.find({block.table, decision.target});
        if (target != places_.end()) mine.targets.push_back(target->second);
      };
      for (const auto& rule : block.rules)
        for (const auto& statement : rule.statements) {
          if (const auto* decision = std::get_if<Decision>(&statement.what)) add(*decision);
          if (const auto* map = std::get_if<VerdictMap>(&statement.what))
            for (const auto& element : elements_of(*map, block)) add(element.decision);
        }
    }
    only_for_this_host_ = only_for_this_host(links);
  }

  std::span<const MapElement> elements_of(const VerdictMap& map, const ChainBlock& block) {
    const auto* named = map.reference.empty() ? nullptr : sets_.find(block.table, map.reference);
    return named != nullptr ? named->verdicts : map.elements;
  }

  void note(const SetBlock& set) {
    const auto add = [&](std::string_view text) {
      const auto whole = fmt::format("set {} {} @{} {}", set.table.family, set.table.table, set.name, text);
      ruleset_.notes.push_back({set.place.line, whole, {}});
    };
    if (set.changes) add("changes while the firewall runs; judged by the elements that are listed");
    if (sets_.is_used(set) && set.elements.empty() && set.verdicts.empty())
      add("has no elements here; was it listed with -t?");
  }

  std::optional<Complaint> add(std::size_t place, Packet packet) {
    const auto& block = listing_.chains[place];
    Chain chain;
    chain.name = full_name(block);
    chain.line = block.place.line;
    chain.packet = packet;
    const bool is_base = !block.type.empty() || !block.hook.empty();
    const auto base = base_of(block);
    if (!is_internet(block.table) || (is_base && !base)) {
      if (packet == Packet::opening) note_unread(block);
    } else {
      chain.base = base;
      const auto scope = scope_of(block.table);
      if (base && base->translates) chain.base->uncalled = perhaps_not_tracked(scope);
      PacketMatch empty{packet, view_, tracking(block), scope};
      if (only_for_this_host_[place]) empty.is_for_this_host();
      for (const auto& rule : block.rules)
        if (auto complaint = add(rule, block, empty, packet, chain)) return complaint;
    }
    // Also an unread chain has its place, by which others are found.
    ruleset_.chains.push_back(std::move(chain));
    return std::nullopt;
  }

  void note_unread(const ChainBlock& block) {
    const bool stops = block.drops || std::ranges::any_of(block.rules, may_end);
    ruleset_.notes.push_back(
        {block.place.line,
         fmt::format("chain {} is not judged (family {}, hook {}){}", full_name(block), block.table.family,
                     block.hook.empty() ? "none" : block.hook, stops ? "; it can stop packets" : ""),
         stops ? FlowSet::everything() : FlowSet{}});
  }

  static bool is_early(const ChainBlock& block) {
    return !block.hook.empty() && block.priority <= tracking_priority &&
           (block.hook == "prerouting" || block.hook == "output");
  }

  PacketMatch::Tracking tracking(const ChainBlock& block) const {
    const bool early = block.hook.empty() ? early_tables_.contains(block.table) : is_early(block);
    return early || untracked_ ? PacketMatch::Tracking::uncertain : PacketMatch::Tracking::done;
  }

  std::optional<Complaint> add(const RuleLine& line, const ChainBlock& block, const PacketMatch& empty,
                               Packet packet, Chain& chain) {
    auto match = empty;
    for (const auto& statement : line.statements) {
      if (const auto* condition = std::get_if<Match>(&statement.what)) {
        nft::add(*condition, block.table, sets_, match, empty);
      } else if (std::holds_alternative<Condition>(statement.what)) {
        match.doubt(statement.text);
      } else if (std::holds_alternative<NotUnderstood>(statement.what)) {
        either_way(match, statement.text, line.name, chain);
      } else if (const auto* translation = std::get_if<Translation>(&statement.what)) {
        translate(*translation, statement.text, match, line.name, chain);
      } else if (const auto* source = std::get_if<SourceTranslation>(&statement.what)) {
        translate_source(*source, statement.text, match, line.name, chain);
      } else if (const auto* change = std::get_if<Change>(&statement.what)) {
        add(*change, statement.text, block, match, line.name, chain);
      } else if (const auto* decision = std::get_if<Decision>(&statement.what)) {
        if (auto complaint = decide(*decision, match, line.name, block, packet, chain)) return complaint;
      } else if (const auto* map = std::get_if<VerdictMap>(&statement.what)) {
        if (auto complaint = add_map(*map, match, line.name, block, empty, packet, chain)) return complaint;
      }
    }
    return std::nullopt;
  }

  static void either_way(PacketMatch match, std::string_view text, const RuleName& name, Chain& chain) {
    match.doubt(text);
    chain.rules.push_back(match.rule({.verdict = Verdict::unknown}, name));
  }

  static void translate_source(const SourceTranslation& source, std::string_view text, PacketMatch match,
                               const RuleName& name, Chain& chain) {
    add_header(source.family, match);
    if (source.by_map) match.doubt(text);
    chain.rules.push_back(match.rule({.verdict = Verdict::accept, .new_source = true}, name));
  }

  void add(const Change& change, std::string_view text, const ChainBlock& block, PacketMatch& match,
           const RuleName& name, Chain& chain) const {
    add_header(change.field, match);
    if (!is_unseen(change.field)) either_way(match, text, name, chain);
    for (const auto& field : change.from) {
      add_header(field, match);
      // The rule ends for a packet without a connection (nft_ct_get_eval() of the kernel).
      if (field.starts_with("ct ") && tracking(block) == PacketMatch::Tracking::uncertain) match.doubt(text);
    }
  }

  /// Whether nothing but conditions that are in doubt anyway asks for the field.
  static bool is_unseen(std::string_view field) {
    constexpr std::string_view beginnings[] = {"meta ", "ct ", "tcp option ", "ip dscp", "ip6 dscp"};
    return std::ranges::any_of(beginnings, [&](std::string_view begin) { return field.starts_with(begin); });
  }

  static void translate(const Translation& translation, std::string_view text, PacketMatch match,
                        const RuleName& name, Chain& chain) {
    Outcome outcome{.verdict = Verdict::translate, .to_this_host = text == "redirect"};
    const auto understood = [](const Value& value) { return value.kind == Value::Kind::word; };
    bool known = understood(translation.address) && understood(translation.port);
    if (known && !translation.address.text.empty()) {
      std::error_code error;
      outcome.address = asio::ip::make_address(translation.address.text, error);
      known = !error;
      if (known) match.family(outcome.address->is_v4() ? all_v4() : all_v6());
    }
    if (known && !translation.port.text.empty()) {
      outcome.port = linux_port(translation.port.text);
      known = outcome.port.has_value();
    }
    if (!known) return either_way(match, text, name, chain);
    chain.rules.push_back(match.rule(outcome, name));
  }

  std::optional<Complaint> decide(const Decision& decision, const PacketMatch& match, const RuleName& name,
                                  const ChainBlock& block, Packet packet, Chain& chain) const {
    Outcome outcome{.verdict = decision.verdict};
    if (decision.verdict == Verdict::jump || decision.verdict == Verdict::go_to) {
      const auto target = places_.find({block.table, decision.target});
      if (target == places_.end())
        return Complaint{{name.line, 1},
                         fmt::format("the chain {} is not in table {} {}", excerpt(decision.target),
                                     block.table.family, block.table.table)};
      outcome.chain = target->second + static_cast<std::size_t>(packet) * listing_.chains.size();
    }
    auto narrower = match;
    if (decision.verdict == Verdict::reject) narrow_reject(decision, block.table, narrower);
    chain.rules.push_back(narrower.rule(outcome, name));
    return std::nullopt;
  }

  /// An ICMP answer is of one family. In a table of both, nft's listing leaves out the family that a rule
  /// with "reject with tcp reset" is for (measured, nftables 1.0.6), so that it may be for one only.
  static void narrow_reject(const Decision& decision, const TableName& table, PacketMatch& match) {
    if (decision.reject_with == "icmp") match.family(all_v4());
    if (decision.reject_with == "icmpv6") match.family(all_v6());
    if (decision.reject_with == "tcp reset" && table.family == "inet" && match.is_of_both_families())
      match.doubt("its address family, which nft's listing may have left out");
  }

  /// What is left in `match` goes on behind the map: what it has no element for ends the rule
  /// (nft_lookup_eval() of the kernel).
  std::optional<Complaint> add_map(const VerdictMap& map, PacketMatch& match, const RuleName& name,
                                   const ChainBlock& block, const PacketMatch& empty, Packet packet,
                                   Chain& chain) {
    if (!map.reference.empty() && sets_.find(block.table, map.reference) == nullptr) {
      const auto text = fmt::format("vmap @{}", map.reference);
      either_way(match, text, name, chain);
      match.doubt(text);
      return std::nullopt;
    }
    Value goes_on{Value::Kind::set, {}, {}};
    for (const auto& element : elements_of(map, block)) {
      if (element.decision.verdict == Verdict::next) {
        goes_on.parts.push_back(element.key);
        continue;
      }
      auto one = match;
      nft::add({map.fields, Operator::equal, element.key}, block.table, sets_, one, empty);
      if (auto complaint = decide(element.decision, one, name, block, packet, chain)) return complaint;
    }
    if (goes_on.parts.empty())
      match.flows({});
    else
      nft::add({map.fields, Operator::equal, std::move(goes_on)}, block.table, sets_, match, empty);
    return std::nullopt;
  }

  Listing listing_;
  const RulesView& view_;
  NamedSets sets_;
  std::map<std::pair<TableName, std::string>, std::size_t> places_;  ///< of chains, by their names
  std::vector<bool> only_for_this_host_;
  std::set<TableName> early_tables_;  ///< whose chains may run before connection tracking
  std::set<std::string> tracked_families_;
  bool untracked_ = false;
  Ruleset ruleset_;
};

}  // namespace

std::expected<Ruleset, Complaint> ruleset_of(Listing listing, const RulesView& view) {
  if (!view.selectors.empty())
    return std::unexpected{Complaint{
        {}, fmt::format("an nftables ruleset has no part {}", excerpt(view.selectors.front().key))}};
  return Meaning{std::move(listing), view}.read();
}

}  // namespace fwprobe::allowlist::nft
