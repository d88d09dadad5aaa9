#pragma once
// How a publisher's own format is read: a function from the file's tree to what it says, and a row of
// formats.cc. Filters, prefixes and names are understood in one place for all (publication.h).

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/allowlist.h"
#include "allowlist/rules/csv_table.h"
#include "allowlist/rules/json_fields.h"
#include "allowlist/rules/json_tree.h"

namespace fwprobe::allowlist {

/// A word by which filters choose: {"service", "EC2"}. A key may come several times.
struct Attribute {
  std::string_view key;
  std::string_view value;
};

/// For whom entries are, seen from the user.
enum class Use : std::uint8_t { inbound, outbound, both };

/// A text as it stands in the file, and where.
struct Written {
  std::string_view text;
  const JsonNode* node = nullptr;  ///< in JSON
  Place place = {};                ///< elsewhere
};

/// Prefixes and names of which the publisher says the same.
struct Group {
  std::vector<Attribute> attributes = {};
  Use use = Use::both;
  std::vector<Written> prefixes = {};  ///< also addresses, and ranges "192.0.2.1-192.0.2.9"
  std::vector<Written> domains = {};
  std::vector<PortRange> tcp = {};                 ///< empty without `udp`: any
  std::optional<std::vector<PortRange>> udp = {};  ///< empty: any
};

/// The file's text, and its tree, outlive it.
struct Publication {
  std::vector<Group> groups = {};
  /// Of publishers that renew their mark at least every few days; the file's own day tells less.
  std::optional<std::chrono::year_month_day> stamped = {};
  std::vector<CsvRow> table = {};  ///< whose cells are the texts of a publication in CSV
};

using ReadPublication = std::expected<Publication, Complaint>;

/// A format in JSON; a new one is a file and a row of formats.cc.
struct ListFormat {
  std::string_view publisher;  ///< the row of publishers.inc that says the rest; "" when anyone's
  std::string_view what;       ///< "AWS ip-ranges.json"
  bool (*recognizes)(const JsonNode& root);
  ReadPublication (*read)(const JsonTree& tree);
};

std::span<const ListFormat> list_formats();
/// The one that a file is in; nothing when it is none of them.
const ListFormat* format_of(const JsonNode& root);
/// The one in which a publisher publishes, and in nothing else; nothing when it has none of its own.
const ListFormat* format_for(std::string_view publisher);

bool is_aws(const JsonNode& root);
ReadPublication read_aws(const JsonTree& tree);
bool is_azure(const JsonNode& root);
ReadPublication read_azure(const JsonTree& tree);
bool is_github(const JsonNode& root);
ReadPublication read_github(const JsonTree& tree);
bool is_atlassian(const JsonNode& root);
ReadPublication read_atlassian(const JsonTree& tree);
bool is_google(const JsonNode& root);
ReadPublication read_google(const JsonTree& tree);
bool is_cloudflare(const JsonNode& root);
ReadPublication read_cloudflare(const JsonTree& tree);
bool is_fastly(const JsonNode& root);
ReadPublication read_fastly(const JsonTree& tree);
bool is_oracle(const JsonNode& root);
ReadPublication read_oracle(const JsonTree& tree);
bool is_microsoft365(const JsonNode& root);
ReadPublication read_microsoft365(const JsonTree& tree);
bool is_buildkite(const JsonNode& root);
bool has_address_arrays(const JsonNode& root);
/// Buildkite, Stripe and others: an array of addresses, or an object whose members are such arrays.
ReadPublication read_address_arrays(const JsonTree& tree);

/// One prefix, address or range "a-b" a line, with comments that begin with '#' or ';'.
ReadPublication read_plain(std::string_view text);
/// With a header; every column but those of addresses and ports is a filter key.
ReadPublication read_csv_list(std::string_view text);
/// Whether the first line is such a header.
bool is_csv_header(std::string_view line);

/// The strings of an array.
std::vector<Written> written(JsonFields& fields, std::span<const JsonNode> array);
/// "2026-08-21…"; nothing when it is no date.
std::optional<std::chrono::year_month_day> day_of(std::string_view text);
/// What was read, unless something was wrong.
ReadPublication finish(const JsonFields& fields, Publication publication);

}  // namespace fwprobe::allowlist
