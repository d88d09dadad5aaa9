#include "reports/pseudonyms.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "checks/public_names.h"
#include "probe/secret.h"
#include "probe/sha256.h"
#include "text/ascii.h"

namespace fwprobe::reports {
namespace {

using allowlist::Scope;
using asio::ip::address;

/// Leading bits that decide the scope, and therefore stay.
struct Kept {
  const char* prefix;
  int bits;
};
constexpr Kept scopes[] = {
    {"10.0.0.0/8", 8},      {"100.64.0.0/10", 10}, {"169.254.0.0/16", 16},  {"172.16.0.0/12", 12},
    {"192.168.0.0/16", 16}, {"192.0.2.0/24", 24},  {"198.51.100.0/24", 24}, {"203.0.113.0/24", 24},
    {"fc00::/7", 8},        {"fe80::/10", 64},     {"2001:db8::/32", 32},   {"3fff::/20", 20},
    {"64:ff9b:1::/48", 96},
};
/// Of what is global: unicast (RFC 1112 §4, RFC 4291 §2.4).
constexpr int global_bits = 3;

/// The leading bits that stay; all of them for what has no owner.
int kept_bits(const address& of) {
  for (const auto& row : scopes)
    if (allowlist::parse_prefix(row.prefix)->prefix.contains(of)) return row.bits;
  return allowlist::scope(of) == Scope::global ? global_bits : of.is_v4() ? 32 : 128;
}

using Bytes = std::array<unsigned char, 16>;

/// Whether bit `at` is turned: it depends on the bits before it, and on nothing else.
bool is_turned(std::string_view key, const Bytes& bytes, int at) {
  std::string text{key};
  text += static_cast<char>(at);
  for (int i = 0; i < at; ++i) {
    const auto byte = bytes[static_cast<std::size_t>(i / 8)];
    text += (byte >> (7 - i % 8) & 1) != 0 ? '1' : '0';
  }
  return (probe::sha256(text)[0] & 1) != 0;
}

template <typename AddressBytes>
AddressBytes turned(std::string_view key, AddressBytes bytes, int kept) {
  Bytes original{};
  std::ranges::copy(bytes, original.begin());
  for (int at = kept; at < static_cast<int>(bytes.size()) * 8; ++at)
    if (is_turned(key, original, at))
      bytes[static_cast<std::size_t>(at / 8)] =
          static_cast<unsigned char>(bytes[static_cast<std::size_t>(at / 8)] ^ (0x80 >> (at % 8)));
  return bytes;
}

/// Labels that mean something by themselves (RFC 6761, RFC 6762 and others), and tell of nobody.
constexpr std::string_view meaning[] = {"",     "*",       "localhost", "localdomain", "local", "internal",
                                        "arpa", "invalid", "test",      "onion",       "www",   "lan",
                                        "home", "corp",    "in-addr",   "ip6"};

/// RFC 2253 §2.4.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (std::string_view{",+\"\\<>;="}.contains(c)) text += '\\';
    text += c;
  }
  return text;
}

bool is_host_like(std::string_view value) {
  return value.contains('.') && std::ranges::all_of(value, [](char c) {
           return ('a' <= (c | 0x20) && (c | 0x20) <= 'z') || ('0' <= c && c <= '9') || c == '.' ||
                  c == '-' || c == '*' || c == '_';
         });
}

}  // namespace

Pseudonyms::Pseudonyms(std::string_view key, unsigned attempt) : key_{fmt::format("{}{}", key, attempt)} {}

address Pseudonyms::address(const asio::ip::address& of) {
  if (const auto known = addresses_.find(of); known != addresses_.end()) return known->second;
  const auto kept = kept_bits(of);
  auto made = of;
  if (kept < (of.is_v4() ? 32 : 128) && !checks::is_public_address(of)) {
    if (of.is_v4())
      made = asio::ip::address_v4{turned(key_, of.to_v4().to_bytes(), kept)};
    else
      made = asio::ip::address_v6{turned(key_, of.to_v6().to_bytes(), kept)};
    fits_ = fits_ && allowlist::scope(made) == allowlist::scope(of) && !checks::is_public_address(made);
  }
  addresses_.emplace(of, made);
  return made;
}

std::vector<asio::ip::address> Pseudonyms::addresses() const {
  std::vector<asio::ip::address> all;
  for (const auto& [of, made] : addresses_) all.push_back(of);
  return all;
}

allowlist::Prefix Pseudonyms::prefix(const allowlist::Prefix& of) {
  return {address(of.network()), of.length()};
}

std::string Pseudonyms::label(std::string_view text, std::string_view kind) {
  auto lower = ascii_lower(text);
  if (std::ranges::find(meaning, lower) != std::end(meaning)) return lower;
  auto& made = labels_[lower];
  if (made.empty()) {
    const auto number = ++counts_[std::string{kind}];
    made = kind == "example" && number == 1 ? "example" : fmt::format("{}{}", kind, number);
  }
  return made;
}

std::string Pseudonyms::host(std::string_view name) {
  const auto lower = ascii_lower(name);
  std::string result;
  for (std::string_view rest = lower;;) {
    if (!rest.empty() && checks::is_public_host(rest)) return result + std::string{rest};
    const auto dot = rest.find('.');
    const bool top = dot == std::string_view::npos && rest.size() < lower.size();
    result += label(rest.substr(0, dot), top ? "example" : "n");
    if (dot == std::string_view::npos) return result;
    result += '.';
    rest.remove_prefix(dot + 1);
  }
}

std::string Pseudonyms::word(std::string_view kind, std::string_view text) {
  if (text.empty()) return {};
  auto& made = words_[std::string{text}];
  if (made.empty()) made = fmt::format("{}-{}", kind, ++counts_[std::string{kind}]);
  return made;
}

std::string Pseudonyms::digest(std::string_view text) {
  if (text.empty()) return {};
  auto& made = digests_[std::string{text}];
  if (made.empty()) made = fmt::format("{:064x}", digests_.size());
  return made;
}

std::string Pseudonyms::fingerprint(std::string_view text) {
  if (text.empty() || checks::is_public_fingerprint(text)) return std::string{text};
  // The 32 bytes of SHA-256 in Base64, without padding, as OpenSSH writes them.
  const auto number = fmt::format("{:032}", std::stoul(digest(text), nullptr, 16));
  auto base64 = probe::base64(number);
  while (base64.ends_with('=')) base64.pop_back();
  return "SHA256:" + base64;
}

std::string Pseudonyms::attribute(std::string_view type, std::string_view value) {
  if (const auto mark = checks::authority_mark({std::string{type}, std::string{value}})) {
    // What the mark leaves open is the customer's: a tenant, a place, a number.
    const auto rest = word("name", value);
    std::string text;
    for (const char c : *mark) text += c == '*' ? (text.empty() ? rest : " " + rest) : std::string(1, c);
    return text;
  }
  if (value.size() <= 2) return std::string{value};  // a country
  return is_host_like(value) ? host(value) : word("name", value);
}

std::string Pseudonyms::distinguished_name(std::string_view name) {
  std::string text;
  for (const auto& [type, value] : checks::parse_name(name))
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", type, escaped(attribute(type, value)));
  return text;
}

}  // namespace fwprobe::reports
