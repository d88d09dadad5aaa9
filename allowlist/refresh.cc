#include "allowlist/refresh.h"

#include <algorithm>

#include <fmt/format.h>

#include "allowlist/load_set.h"
#include "allowlist/port_text.h"
#include "allowlist/publication.h"
#include "allowlist/rules/json_tree.h"
#include "allowlist/values.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

constexpr double most_shrinking = 0.2;
constexpr double most_growing = 10;
constexpr int shortest_v4 = 8;
constexpr int shortest_v6 = 16;

/// What all of a list may hold of a family. The widest published ones, of the large clouds, hold a few
/// hundredths of IPv4, and of IPv6 less than a /16.
struct Family {
  std::string_view name;
  double all;
  double most;         ///< a quarter of IPv4, a /8 of IPv6
  double most_gained;  ///< by a list that grows more than most_growing times: a prefix of the shortest length
};
constexpr Family ipv4{"IPv4", 0x1p32, 0x1p30, 0x1p24};
constexpr Family ipv6{"IPv6", 0x1p128, 0x1p120, 0x1p112};

/// Of AWS and Google, Azure, Atlassian, Oracle; the first that a file has.
constexpr std::string_view mark_keys[] = {"syncToken",    "changeNumber",           "creationTime",
                                          "creationDate", "last_updated_timestamp", "createDate"};

std::optional<EditionMark> mark_of(const JsonNode& root) {
  for (const auto key : mark_keys) {
    const auto* node = member(root, key);
    if (node == nullptr) continue;
    if (const auto* number = node->as<std::int64_t>())
      return EditionMark{std::string{key}, std::to_string(*number)};
    if (const auto* words = node->as<std::string_view>())
      return EditionMark{std::string{key}, std::string{*words}};
  }
  return std::nullopt;
}

std::string_view without_zeros(std::string_view digits) {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

template <typename Ranges>
double size_of(const Ranges& set) {
  double size = 0;
  for (const auto& range : set.ranges()) size += static_cast<double>(range.last - range.first) + 1;
  return size;
}

/// Each family for itself: beside IPv6 the loss of all of IPv4 would not show.
void compare_sizes(std::string_view what, double before, double after, std::vector<std::string>& said) {
  if (before > 0 && after < before * (1 - most_shrinking))
    said.push_back(
        fmt::format("it has {:.0f} % fewer {} than the list that is kept ({:.0f} in place of {:.0f})",
                    100 * (1 - after / before), what, after, before));
}

/// Many prefixes of a usual length can hold as much as one that is too wide. A first edition has no `before`.
void judge_width(const Family& family, std::optional<double> before, double after,
                 std::vector<std::string>& said) {
  if (after > family.most && after > before)
    said.push_back(
        fmt::format("it holds {:.1f} % of all {} addresses", 100 * after / family.all, family.name));
  else if (before && after > *before * most_growing && after - *before > family.most_gained)
    said.push_back(
        fmt::format("it has more than {:.0f} times as many {} addresses as the list that is kept "
                    "({:.0f} in place of {:.0f})",
                    most_growing, family.name, after, *before));
}

/// Of the publishers whose format is anyone's.
struct CommonFormat {
  std::string_view publisher;
  std::string_view what;
};
constexpr CommonFormat common_formats[] = {
    {"cloudflare-v4", "plain text of IPv4"},
    {"cloudflare-v6", "plain text of IPv6"},
    {"stripe-webhooks", "arrays of addresses"},
};

/// Empty for who is no publisher.
std::string_view format_wanted(std::string_view publisher) {
  if (const auto* format = format_for(publisher)) return format->what;
  const auto* common = std::ranges::find(common_formats, publisher, &CommonFormat::publisher);
  return common == std::end(common_formats) ? std::string_view{} : common->what;
}

/// `tree` is null when the text is no JSON.
std::string_view format_found(std::string_view text, const JsonTree* tree, const PrefixSet& addresses) {
  if (tree != nullptr) {
    const auto* format = format_of(tree->root());
    return format != nullptr ? format->what : "JSON of another shape";
  }
  if (!is_plain(text)) return "YAML or CSV";
  if (addresses.v6().empty()) return "plain text of IPv4";
  return addresses.v4().empty() ? "plain text of IPv6" : "plain text of both families";
}

void add_services(const Entry& entry, std::set<std::string>& services) {
  const auto protocol = protocol_name(entry.protocol);
  if (entry.ports.empty()) services.insert(fmt::format("{}/any", protocol));
  for (const auto& range : entry.ports) services.insert(fmt::format("{}/{}", protocol, text(range)));
}

}  // namespace

std::expected<Edition, ListError> read_edition(std::string_view text, std::string_view file,
                                               std::string_view publisher, std::chrono::year_month_day day) {
  const Origin origin{file, publisher, day, {}, Entries::all};
  const auto tree = JsonTree::parse(text);
  const auto list = tree ? parse_list(*tree, origin) : parse_list(text, origin);
  if (!list) return std::unexpected{list.error()};
  Edition edition{addresses(*list, day), list->entries.size(), {}, {}};
  const auto wanted = format_wanted(publisher);
  const auto found = format_found(text, tree ? &*tree : nullptr, edition.addresses);
  if (!wanted.empty() && found != wanted)
    return std::unexpected{ListError{fmt::format("{}: this is {}, not {}", file, found, wanted)}};
  if (tree) edition.mark = mark_of(tree->root());
  for (const auto& entry : list->entries) {
    if (in_force(entry, day)) add_services(entry, edition.services[canonical(entry)]);
    if (const auto* prefix = std::get_if<Prefix>(&entry.what))
      if (prefix->length() < (prefix->network().is_v4() ? shortest_v4 : shortest_v6))
        edition.wide.push_back(*prefix);
  }
  return edition;
}

std::vector<std::string> gains(const Edition& now, const Edition& before) {
  std::vector<std::string> texts;
  for (const auto& prefix : (now.addresses - before.addresses).prefixes()) texts.push_back(prefix.text());
  for (const auto& [what, services] : now.services) {
    const auto at = before.services.find(what);
    if (at == before.services.end()) {
      const bool is_name = !what.contains('/');
      if (is_name) texts.push_back(what);
      continue;
    }
    for (const auto& service : services)
      if (!at->second.contains(service)) texts.push_back(fmt::format("{} {}", what, service));
  }
  return texts;
}

std::vector<std::string> suspicions(const Edition& fetched, const Edition* kept) {
  std::vector<std::string> said;
  for (const auto& prefix : fetched.wide)
    if (kept == nullptr || !kept->addresses.contains(prefix))
      said.push_back(fmt::format("it has {}, which is wider than any list should be", prefix.text()));
  if (said.empty()) {
    std::optional<double> kept4, kept6;
    if (kept != nullptr) {
      kept4 = size_of(kept->addresses.v4());
      kept6 = size_of(kept->addresses.v6());
    }
    judge_width(ipv4, kept4, size_of(fetched.addresses.v4()), said);
    judge_width(ipv6, kept6, size_of(fetched.addresses.v6()), said);
  }
  if (kept == nullptr) return said;
  if (fetched.mark && kept->mark && is_older(*fetched.mark, *kept->mark))
    said.push_back(fmt::format("it is older than the list that is kept: {} {} in place of {}",
                               fetched.mark->key, fetched.mark->value, kept->mark->value));
  compare_sizes("entries", static_cast<double>(kept->entries), static_cast<double>(fetched.entries), said);
  compare_sizes("IPv4 addresses", size_of(kept->addresses.v4()), size_of(fetched.addresses.v4()), said);
  compare_sizes("IPv6 addresses", size_of(kept->addresses.v6()), size_of(fetched.addresses.v6()), said);
  return said;
}

bool is_older(const EditionMark& a, const EditionMark& b) {
  if (a.key != b.key) return false;
  if (!is_digits(a.value) || !is_digits(b.value)) return a.value < b.value;
  const auto x = without_zeros(a.value);
  const auto y = without_zeros(b.value);
  return x.size() != y.size() ? x.size() < y.size() : x < y;
}

}  // namespace fwprobe::allowlist
