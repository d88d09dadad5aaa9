#pragma once
// How a publisher's own format is read: a function from the file's content to what it says, and a row of
// formats.cc. Filters, prefixes and names are understood in one place for all (publication.h).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/allowlist.h"
#include "allowlist/rules/json_tree.h"
#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist {

/// A word by which filters choose: {"service", "EC2"}. A key may come several times.
struct Attribute {
  std::string_view key;
  std::string_view value;
};

/// For whom entries are, seen from the user.
enum class Use : std::uint8_t { inbound, outbound, both };

/// A text as it stands in the file, and how to find its place again.
struct Written {
  std::string_view text;
  const JsonNode* node = nullptr;  ///< in JSON
  int line = 0;                    ///< elsewhere
};

/// Prefixes and names of which the publisher says the same.
struct Group {
  std::vector<Attribute> attributes = {};
  Use use = Use::both;
  std::vector<Written> prefixes = {};  ///< also addresses, and ranges "192.0.2.1-192.0.2.9"
  std::vector<Written> domains = {};
  std::vector<PortRange> tcp = {}, udp = {};  ///< both empty: any TCP port
  std::string purpose = {};                   ///< empty: the attributes' values
};

/// Views are into the file's text or its tree.
struct Publication {
  std::vector<Group> groups = {};
  std::optional<std::chrono::year_month_day> stamped = {};  ///< the publisher's own mark
  std::vector<std::string> notes = {};
};

/// A row of formats.cc.
struct Format {
  std::string_view name;  ///< of the publisher's row (publishers.inc), and of a list read from a file
  std::string_view what;  ///< "AWS ip-ranges.json"
  std::string_view keys;  ///< of its filters, "service, region"
  bool (*recognizes)(const JsonNode& root);
  std::expected<Publication, Complaint> (*read)(const JsonTree& tree);
};

}  // namespace fwprobe::allowlist
