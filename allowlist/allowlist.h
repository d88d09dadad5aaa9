#pragma once
// A published allowlist: who publishes it, when, and what must be let through (docs/allowlists.md has the
// format).

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <asio/ip/address.hpp>

#include "allowlist/prefix.h"

namespace fwprobe::allowlist {

/// Seen from the user's network: sources to let in, destinations to reach.
enum class Direction : std::uint8_t { inbound, outbound };
enum class Protocol : std::uint8_t { tcp, udp };

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  bool contains(std::uint16_t port) const { return first <= port && port <= last; }
  bool operator==(const PortRange&) const = default;
};

struct Domain {
  std::string name;       ///< lower case, A-labels; without the "*."
  bool wildcard = false;  ///< "*.example.com": any name below, not the name itself
  bool operator==(const Domain&) const = default;
};

/// Where the publisher says that a name's addresses are: inside the list's own prefixes, when it has some for
/// that port, or anywhere (content delivery networks, sign-in services).
enum class NameAddresses : std::uint8_t { listed, any };

struct Entry {
  std::variant<Prefix, Domain> what;
  std::string published;         ///< the publisher's own spelling: "77.92.124.2/27"
  bool host_bits = false;        ///< the published prefix had host bits set and was read as its network
  std::vector<PortRange> ports;  ///< empty: any
  Protocol protocol = Protocol::tcp;
  NameAddresses addresses = NameAddresses::listed;  ///< of a domain
  std::vector<std::string> examples;  ///< of a wildcard: names below it that are probed in its place
  std::vector<std::string>
      issuers;  ///< CN or O of the authorities that certify what it names; empty: unknown
  std::string purpose;
  std::optional<std::chrono::year_month_day> since;
  std::optional<std::chrono::year_month_day> until;  ///< no longer published from this day on
  int line = 0;                                      ///< in its file
};

struct Allowlist {
  std::string name;  ///< "appcircle"
  std::string title;
  std::string publisher;
  std::string source;  ///< the publisher's page
  std::chrono::year_month_day retrieved;
  Direction direction = Direction::inbound;
  std::optional<std::chrono::days> fresh_for;  ///< behind `retrieved`; none: it does not age
  std::vector<Entry> entries;
  std::vector<std::string> notes;  ///< what a reader left out or warns of, each a sentence
  bool says_direction = true;      ///< false: nobody said it, and a set of addresses needs none
};

/// What is wrong with a list, "file:line:column: message".
struct ListError {
  std::string message;
};

/// Our YAML format. `origin` is the file's name for messages. At most 8 MiB and 200,000 entries.
std::expected<Allowlist, ListError> parse_yaml(std::string_view text, std::string_view origin);
/// Publishers' lists are often for both directions. A firewall's rules are for one; a set of addresses is of
/// all entries.
enum class Entries : std::uint8_t { of_one_direction, all };

struct LoadOptions {
  std::string kept =
      {};  ///< directory of the publishers' lists that were fetched (publishers.h); empty: none
  Entries entries = Entries::of_one_direction;
  std::optional<Direction> direction = {};  ///< of a list that does not say its own
};

/// A list by its name, built in or kept, or from a file in any format of docs/allowlists.md. Filters may
/// stand behind it: "aws#service=EC2,region=eu-west-1".
std::expected<Allowlist, ListError> load(std::string_view name_or_file, const LoadOptions& options = {});
/// The names of the lists that are built in.
std::vector<std::string_view> published_names();

/// Whether an entry is in force: not before `since`, and before `until`.
bool in_force(const Entry& entry, std::chrono::year_month_day day);
/// Whether a name is the domain's: the name itself, or for a wildcard one below it.
bool holds_name(const Domain& domain, std::string_view name);
/// Whether an entry is for this TCP port.
bool for_port(const Entry& entry, std::uint16_t port);
/// Entries in force at `day` that hold this address.
std::vector<const Entry*> entries_for(const Allowlist& list, const asio::ip::address& address,
                                      std::chrono::year_month_day day);
/// Entries in force at `day` that hold this name, wildcards included.
std::vector<const Entry*> entries_for(const Allowlist& list, std::string_view name,
                                      std::chrono::year_month_day day);
/// The entry in force whose prefix shares the most leading bits with `address`, for the message; none when
/// the list has no prefix of its family.
const Entry* nearest(const Allowlist& list, const asio::ip::address& address,
                     std::chrono::year_month_day day);

}  // namespace fwprobe::allowlist
