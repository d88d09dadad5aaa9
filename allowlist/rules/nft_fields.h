#pragma once
// The left sides of nftables' matches: what each says about a packet.

#include <map>
#include <optional>
#include <set>
#include <string>

#include "allowlist/rules/nft_listing.h"
#include "allowlist/rules/packet_match.h"

namespace fwprobe::allowlist::nft {

/// The sets of one listing, each read once.
class NamedSets {
 public:
  explicit NamedSets(const std::vector<SetBlock>& sets) : sets_{sets} {}
  /// One whose elements are known.
  const SetBlock* find(const TableName& table, std::string_view name);
  /// Whether it was found.
  bool is_used(const SetBlock& set) const { return used_.contains(&set); }
  /// Nothing when the set holds what is no address, no port.
  const std::optional<PrefixSet>& addresses(const SetBlock& set);
  const std::optional<Ports>& ports(const SetBlock& set);

 private:
  const std::vector<SetBlock>& sets_;
  std::set<const SetBlock*> used_;
  std::map<const SetBlock*, std::optional<PrefixSet>> addresses_;
  std::map<const SetBlock*, std::optional<Ports>> ports_;
};

/// "ip saddr != 10.0.0.0/8"
std::string describe(const Match& match);

/// Adds what nft demands of a packet that has the field: its family, its protocol.
void add_header(std::string_view field, PacketMatch& packet);

/// Adds the match of a rule in `table` to `packet`.
void add(const Match& match, const TableName& table, NamedSets& sets, PacketMatch& packet,
         const PacketMatch& empty);

}  // namespace fwprobe::allowlist::nft
