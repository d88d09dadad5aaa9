#pragma once
// Pseudonyms for what a report must not tell: the same for the same, and alike in what judging looks at.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <asio/ip/address.hpp>

#include "allowlist/prefix.h"

namespace fwprobe::reports {

class Pseudonyms {
 public:
  /// Addresses are derived from the key: whoever has it can turn them back. `attempt` gives others of the
  /// same key.
  Pseudonyms(std::string_view key, unsigned attempt);

  /// Of the same family and scope; two that share n leading bits have pseudonyms that do (as Crypto-PAn), so
  /// that what is inside a prefix stays inside. What has no owner, such as loopback, and public knowledge
  /// (checks/public_names.h) stay as they are.
  asio::ip::address address(const asio::ip::address& address);
  allowlist::Prefix prefix(const allowlist::Prefix& prefix);
  /// "n1.n2.example": label by label, so that a name below another stays below it. What public_names.h knows
  /// stays, also as the end of another name, and so do single labels with a meaning ("localhost").
  std::string host(std::string_view name);
  /// "site-1", "path-2", for `kind` "site", "path"; what it was given stays for the same kind and text.
  std::string word(std::string_view kind, std::string_view text);
  /// 64 hexadecimal digits, none in the place of leading zeros.
  std::string digest(std::string_view text);
  std::string fingerprint(std::string_view text);
  /// RFC 2253 text; authorities that the checks know by their marks keep these.
  std::string distinguished_name(std::string_view name);
  /// A CN or O as it stands in those.
  std::string issuer(std::string_view name) { return attribute("CN", name); }

  /// Whether each pseudonym of a global address is global as well, and no public one.
  bool fits() const { return fits_; }
  /// All that were asked for.
  std::vector<asio::ip::address> addresses() const;
  /// The words that were replaced, and theirs; for texts in which they stand.
  const std::map<std::string, std::string, std::less<>>& words() const { return words_; }

 private:
  std::string label(std::string_view text, std::string_view kind);
  std::string attribute(std::string_view type, std::string_view value);

  std::string key_;
  bool fits_ = true;
  std::map<asio::ip::address, asio::ip::address> addresses_;
  std::map<std::string, std::string, std::less<>> labels_, digests_, words_;
  std::map<std::string, std::size_t, std::less<>> counts_;
};

}  // namespace fwprobe::reports
