#include "allowlist/publication.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/address_text.h"
#include "allowlist/load_set.h"
#include "allowlist/publishers.h"
#include "allowlist/values.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

constexpr std::size_t max_entries = 1'000'000;

std::unexpected<ListError> refuse(const Origin& origin, std::string_view message) {
  return std::unexpected{ListError{fmt::format("{}: {}", origin.file, message)}};
}

const Filter* filter(std::span<const Filter> filters, std::string_view key) {
  const auto at = std::ranges::find(filters, key, &Filter::key);
  return at == filters.end() ? nullptr : &*at;
}

/// The families that are wanted; both without a filter.
struct Families {
  bool ipv4 = true, ipv6 = true;
  bool wants(bool ipv6_entry) const { return ipv6_entry ? ipv6 : ipv4; }
};

std::expected<Families, std::string> families(std::span<const Filter> filters) {
  const auto* wanted = filter(filters, "family");
  if (!wanted) return Families{};
  Families chosen{false, false};
  for (const auto& value : wanted->values) {
    if (value != "ipv4" && value != "ipv6")
      return std::unexpected{fmt::format("family={} is neither ipv4 nor ipv6", value)};
    (value == "ipv4" ? chosen.ipv4 : chosen.ipv6) = true;
  }
  return chosen;
}

std::expected<std::optional<Direction>, std::string> direction(std::span<const Filter> filters) {
  const auto* wanted = filter(filters, "direction");
  if (!wanted) return std::nullopt;
  if (wanted->values == std::vector<std::string>{"inbound"}) return Direction::inbound;
  if (wanted->values == std::vector<std::string>{"outbound"}) return Direction::outbound;
  return std::unexpected{
      fmt::format("direction={} is neither inbound (sources to let in) nor outbound (destinations to reach)",
                  fmt::join(wanted->values, "|"))};
}

/// "A, B, C and 12 more"
std::string some_of(const std::set<std::string>& words) {
  constexpr std::size_t most = 40;
  std::string text;
  std::size_t shown = 0;
  for (const auto& word : words) {
    if (shown == most) return fmt::format("{} and {} more", text, words.size() - most);
    text += fmt::format("{}{}", shown++ == 0 ? "" : ", ", word);
  }
  return text;
}

/// Whether the filter's key and each of its values are in the list: what chooses nothing is a typing error.
std::optional<std::string> complaint(const Publication& publication, const Filter& filter) {
  if (filter.key == "direction" || filter.key == "family") return std::nullopt;
  std::set<std::string> keys{"direction", "family"};
  std::set<std::string> values;
  for (const auto& group : publication.groups)
    for (const auto& attribute : group.attributes) {
      keys.emplace(attribute.key);
      if (attribute.key == filter.key) values.emplace(attribute.value);
    }
  if (!keys.contains(filter.key))
    return fmt::format("unknown filter '{}'; this list has {}", filter.key, some_of(keys));
  for (const auto& wanted : filter.values)
    if (std::ranges::none_of(values, [&](const auto& value) { return equal_ignoring_case(value, wanted); }))
      return fmt::format("no entry has {}={}; there are {}", filter.key, wanted, some_of(values));
  return std::nullopt;
}

bool chosen(const Group& group, std::span<const Filter> filters) {
  return std::ranges::all_of(filters, [&](const Filter& filter) {
    if (filter.key == "direction" || filter.key == "family") return true;
    return std::ranges::any_of(group.attributes, [&](const Attribute& attribute) {
      return attribute.key == filter.key && std::ranges::any_of(filter.values, [&](const auto& value) {
               return equal_ignoring_case(attribute.value, value);
             });
    });
  });
}

bool is_for(const Group& group, Direction direction) {
  return group.use == Use::both || (group.use == Use::inbound) == (direction == Direction::inbound);
}

std::string words(std::span<const Filter> filters) {
  std::string text;
  for (const auto& filter : filters)
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", filter.key, fmt::join(filter.values, "|"));
  return text;
}

bool holds_first_address(const Entry& entry) {
  const auto* prefix = std::get_if<Prefix>(&entry.what);
  return prefix && prefix->network().is_unspecified();
}

/// "/tmp/my-list.txt" is "my-list".
std::string stem(std::string_view file) {
  if (const auto slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  const auto dot = file.rfind('.');
  return std::string{dot == 0 ? file : file.substr(0, dot)};
}

class Builder {
 public:
  Builder(const Publication& publication, const Origin& origin, const JsonTree* tree)
      : publication_{publication}, origin_{origin}, tree_{tree}, row_{find_publisher(origin.publisher)} {}

  std::expected<Allowlist, ListError> build() && {
    for (const auto& filter : origin_.filters)
      if (const auto wrong = complaint(publication_, filter)) return refuse(origin_, *wrong);
    const auto wanted_families = families(origin_.filters);
    if (!wanted_families) return refuse(origin_, wanted_families.error());
    families_ = *wanted_families;
    std::vector<const Group*> groups;
    for (const auto& group : publication_.groups)
      if (chosen(group, origin_.filters)) groups.push_back(&group);
    list_.entries.reserve(groups.size());
    const auto before = groups;
    if (const auto wrong = choose_direction(groups)) {
      // A file that is no list at all is the more useful thing to say.
      for (const auto* group : before)
        if (auto no_list = add(*group)) return std::unexpected{error_at(origin_.file, *no_list)};
      return refuse(origin_, list_.entries.empty() ? nothing_left() : *wrong);
    }
    for (const auto* group : groups)
      if (auto wrong = add(*group)) return std::unexpected{error_at(origin_.file, *wrong)};
    if (list_.entries.empty()) return refuse(origin_, nothing_left());
    describe();
    return std::move(list_);
  }

 private:
  std::string nothing_left() const {
    if (origin_.filters.empty())
      return "the list is empty; an empty list allows nothing and is most likely a mistake";
    return fmt::format("no entry has {}", words(origin_.filters));
  }

  /// Leaves the groups of the list's direction.
  std::optional<std::string> choose_direction(std::vector<const Group*>& groups) {
    const auto asked = direction(origin_.filters);
    if (!asked) return asked.error();
    if (!*asked && !origin_.direction && origin_.entries == Entries::of_one_direction && !row_)
      return fmt::format(
          "the list does not say its direction; write {0}#direction=inbound (sources to let in) or "
          "{0}#direction=outbound (destinations to reach)",
          origin_.file);
    list_.direction =
        asked->value_or(row_ ? row_->direction : origin_.direction.value_or(Direction::inbound));
    list_.says_direction = *asked || row_ != nullptr || origin_.direction;
    if (!*asked && origin_.entries == Entries::all) return std::nullopt;
    const auto other = [&](const Group* group) { return !is_for(*group, list_.direction); };
    const auto others = static_cast<std::size_t>(std::ranges::count_if(groups, other));
    if (!*asked && others > 0 && !origin_.filters.empty()) {
      if (others != groups.size())
        return fmt::format(
            "{} is partly inbound (sources to let in) and partly outbound (destinations to reach); add "
            "direction=inbound or direction=outbound",
            words(origin_.filters));
      list_.direction = list_.direction == Direction::inbound ? Direction::outbound : Direction::inbound;
    }
    std::erase_if(groups, other);
    return std::nullopt;
  }

  std::optional<Complaint> add(const Group& group) {
    purpose_.clear();
    std::string_view before;
    for (const auto& attribute : group.attributes)
      if (attribute.value != std::exchange(before, attribute.value))
        purpose_.append(purpose_.empty() ? "" : ", ").append(attribute.value);
    Entry entry;
    const auto each_protocol = [&](auto&& what) {
      if (!group.udp || !group.tcp.empty()) what(Protocol::tcp, group.tcp);
      if (group.udp) what(Protocol::udp, *group.udp);
    };
    for (const auto& written : group.prefixes) {
      const auto range = parse_range(written.text);
      if (!range) return place(written, range.error());
      if (!families_.wants(range->ipv6)) continue;
      set_line(entry, written);
      entry.host_bits = range->host_bits;
      each_protocol([&](Protocol protocol, const auto& ports) {
        entry.protocol = protocol;
        entry.ports = ports;
        add(entry, *range);
      });
      if (list_.entries.size() > max_entries)
        return place(written, fmt::format("more than {} entries; choose some by filters", max_entries));
    }
    entry.host_bits = false;
    for (const auto& written : group.domains) {
      YamlNode node;
      node.kind = YamlNode::Kind::scalar;
      node.text = written.text;
      const auto domain = parse_domain(node);
      if (!domain) {
        ++odd_names_;
        if (odd_name_.empty()) odd_name_ = written.text;
        continue;
      }
      set_line(entry, written);
      entry.what = *domain;
      entry.addresses = group.prefixes.empty() ? NameAddresses::any : NameAddresses::listed;
      each_protocol([&](Protocol protocol, const auto& ports) {
        entry.protocol = protocol;
        entry.ports = ports;
        add(entry);
      });
    }
    return std::nullopt;
  }

  /// A range that is no prefix becomes the fewest prefixes.
  void add(Entry& entry, const NumberRange& range) {
    if (range.ipv6)
      for_each_prefix(Range<Uint128>{range.first, range.last},
                      [&](const Prefix& prefix) { add(entry, prefix); });
    else
      for_each_prefix(Range<std::uint32_t>{static_cast<std::uint32_t>(range.first),
                                           static_cast<std::uint32_t>(range.last)},
                      [&](const Prefix& prefix) { add(entry, prefix); });
  }
  void add(Entry& entry, const Prefix& prefix) {
    entry.what = prefix;
    add(entry);
  }
  void add(const Entry& entry) {
    list_.entries.push_back(entry);
    list_.entries.back().purpose = purpose_;
  }

  void set_line(Entry& entry, const Written& written) const {
    entry.published = written.text;
    entry.line = written.node ? tree_->place(*written.node).line : written.place.line;
  }

  Complaint place(const Written& written, const std::string& message) const {
    return written.node ? tree_->complaint(*written.node, message) : Complaint{written.place, message};
  }

  void describe() {
    list_.name = row_ ? row_->name : stem(origin_.file);
    list_.title = row_ ? std::string{row_->title} : std::string{origin_.file};
    if (!origin_.filters.empty()) list_.title += fmt::format(" ({})", words(origin_.filters));
    list_.publisher = row_ ? row_->publisher : "";
    list_.source = row_ ? row_->url : "";
    list_.retrieved = publication_.stamped.value_or(origin_.written);
    // Archives and image builders write dates of long ago, which tell nothing.
    const bool known_age = list_.retrieved >= std::chrono::year{2000} / 1 / 1;
    if (row_ && known_age) list_.fresh_for = row_->fresh_for;
    // A set of all that thousands of entries hold takes longer than to see that it has not the first address.
    if (std::ranges::any_of(list_.entries, holds_first_address))
      list_.notes = width_notes(addresses(list_, list_.retrieved));
    if (odd_names_ > 0)
      list_.notes.push_back(fmt::format("{} {} no host name or *.domain and {} left out, the first {}",
                                        odd_names_, odd_names_ == 1 ? "name is" : "names are",
                                        odd_names_ == 1 ? "was" : "were", excerpt(odd_name_)));
  }

  const Publication& publication_;
  const Origin& origin_;
  const JsonTree* tree_;
  const Publisher* row_;
  Families families_;
  Allowlist list_;
  std::string purpose_;  ///< of the group that is added
  std::size_t odd_names_ = 0;
  std::string odd_name_;
};

}  // namespace

ListError error_at(std::string_view file, const Complaint& complaint) {
  return {fmt::format("{}:{}:{}: {}", file, complaint.place.line, complaint.place.column, complaint.message)};
}

std::expected<Allowlist, ListError> make_list(const Publication& publication, const Origin& origin,
                                              const JsonTree* tree) {
  return Builder{publication, origin, tree}.build();
}

std::expected<Allowlist, ListError> choose(Allowlist list, const Origin& origin) {
  for (const auto& filter : origin.filters)
    if (filter.key != "direction" && filter.key != "family")
      return refuse(origin,
                    fmt::format("unknown filter '{}'; this list has direction and family", filter.key));
  const auto wanted = families(origin.filters);
  if (!wanted) return refuse(origin, wanted.error());
  const auto asked = direction(origin.filters);
  if (!asked) return refuse(origin, asked.error());
  if (*asked && **asked != list.direction)
    return refuse(origin, fmt::format("the list itself says that it is {}",
                                      list.direction == Direction::inbound ? "inbound" : "outbound"));
  std::erase_if(list.entries, [&](const Entry& entry) {
    const auto* prefix = std::get_if<Prefix>(&entry.what);
    return prefix && !wanted->wants(prefix->network().is_v6());
  });
  if (list.entries.empty()) return refuse(origin, fmt::format("no entry has {}", words(origin.filters)));
  list.notes = width_notes(addresses(list, list.retrieved));
  return list;
}

}  // namespace fwprobe::allowlist
