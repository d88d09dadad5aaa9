#pragma once
// A newer edition of a publisher's list, and what speaks against taking it in place of the one that is kept.

#include <chrono>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/allowlist.h"
#include "allowlist/prefix_set.h"

namespace fwprobe::allowlist {

/// The publisher's own mark of how new a list is; file times say nothing of that.
struct EditionMark {
  std::string key;    ///< "syncToken", "changeNumber", "creationTime", …
  std::string value;  ///< as it stands in the file; of one key, the newer is the greater number or text
};

struct Edition {
  PrefixSet addresses;  ///< in force
  std::size_t entries = 0;
  std::vector<Prefix> wide;  ///< entries shorter than /8 (IPv4) or /16 (IPv6)
  std::optional<EditionMark> mark;
  /// For which ports each prefix and name is: {"*.example.com", {"tcp/443", "udp/any"}}; in force.
  std::map<std::string, std::set<std::string>> services = {};
};

/// Reads all of a list. `publisher` is a row of publishers.inc, which is not believed in another format than
/// its own; "" for anyone.
std::expected<Edition, ListError> read_edition(std::string_view text, std::string_view file,
                                               std::string_view publisher, std::chrono::year_month_day day);

/// What `now` has and `before` has not: addresses, names, and ports of what both have, as "*.example.com
/// tcp/443".
std::vector<std::string> gains(const Edition& now, const Edition& before);

/// Sentences; none when nothing speaks against it. A first edition is judged alone.
std::vector<std::string> suspicions(const Edition& fetched, const Edition* kept);

/// Whether `a` is older than `b`; false for marks of different keys.
bool is_older(const EditionMark& a, const EditionMark& b);

}  // namespace fwprobe::allowlist
