#pragma once
// Prefixes (CIDR, RFC 4632, RFC 4291 §2.3); sets of them are in prefix_set.h.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <asio/ip/address.hpp>

namespace fwprobe::allowlist {

class Prefix {
 public:
  Prefix() = default;
  /// Host bits of `address` are cleared; IPv4-mapped IPv6 of at least /96 becomes IPv4.
  Prefix(const asio::ip::address& address, int length);

  const asio::ip::address& network() const { return network_; }
  int length() const { return length_; }
  asio::ip::address last() const;
  bool contains(const asio::ip::address& address) const;
  std::string text() const;  ///< "192.0.2.0/24"
  bool operator==(const Prefix&) const = default;

 private:
  asio::ip::address network_;
  int length_ = 0;
};

struct ParsedPrefix {
  Prefix prefix;
  bool host_bits = false;  ///< the text had bits set behind the prefix length: "77.92.124.2/27"
};

/// "192.0.2.0/24", "2001:db8::/32", or a bare address. The error is a sentence: what is wrong, what would be
/// right.
std::expected<ParsedPrefix, std::string> parse_prefix(std::string_view text);

/// Where an address belongs by IANA's special-purpose registries (RFC 6890 and its updates).
enum class Scope : std::uint8_t {
  global,
  private_use,
  shared /* RFC 6598, CGNAT */,
  link_local,
  loopback,
  unspecified /* 0.0.0.0/8, :: */,
  unique_local,
  documentation,
  multicast,
  reserved,
};
Scope scope(const asio::ip::address& address);
/// private_use, shared, link_local, unique_local: not reachable from the Internet.
bool is_private(Scope scope);

}  // namespace fwprobe::allowlist
