#pragma once
// The exceptions of NO_PROXY: where a request goes without a proxy.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <asio/ip/address.hpp>

#include "probe/url.h"

namespace fwprobe::probe {

/// A list separated by commas or spaces, as curl reads it (its manual, NO_PROXY): a name covers itself and
/// its subdomains, with or without a dot in front; an address or CIDR prefix covers addresses; "*" covers
/// everything. Any entry may end in ":port" (as wget and Go have it; IPv6 then in brackets). An entry that is
/// none of these covers nothing.
class NoProxy {
 public:
  NoProxy() = default;
  explicit NoProxy(std::string_view list);
  bool covers(const Host& host, std::uint16_t port) const { return covering(host, port) != nullptr; }
  /// The first entry that covers it, as it was written; null when none does.
  const std::string* covering(const Host& host, std::uint16_t port) const;

 private:
  struct Everything {};
  struct Domain {
    std::string name;
  };
  struct Network {
    asio::ip::address address;
    unsigned short length = 0;
  };
  struct Entry {
    std::variant<Everything, Domain, Network> what;
    std::optional<std::uint16_t> port;
    std::string text;
  };
  static std::optional<Entry> parse(std::string_view text);
  static bool holds(const Everything&, const Host&) { return true; }
  static bool holds(const Domain& domain, const Host& host);
  static bool holds(const Network& network, const Host& host);

  std::vector<Entry> entries_;
};

}  // namespace fwprobe::probe
