#include "monitor/web/web_config.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <openssl/ssl.h>

#include "allowlist/yaml_tree.h"
#include "text/ascii.h"

namespace fwprobe::monitor {
namespace {

using allowlist::Complaint;
using allowlist::excerpt;
using allowlist::YamlNode;
using Outcome = std::optional<Complaint>;

constexpr std::size_t longest_file = 1024 * 1024;
/// One check of 2^16 rounds takes several seconds.
constexpr int highest_cost = 16;

Complaint complaint(const YamlNode& at, std::string message) { return {at.place, std::move(message)}; }

/// Calls `take(key, value)` for each pair; each returns what is wrong, if anything.
template <typename Take>
Outcome each_pair(const YamlNode& map, std::string_view what, Take take) {
  if (map.kind == YamlNode::Kind::empty) return std::nullopt;
  if (map.kind != YamlNode::Kind::map) return complaint(map, fmt::format("{} is a map", what));
  for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
    const auto& key = map.children[i];
    for (std::size_t j = 0; j < i; j += 2)
      if (map.children[j].text == key.text)
        return complaint(key, fmt::format("{} stands there twice", excerpt(key.text)));
    if (auto wrong = take(key, map.children[i + 1])) return wrong;
  }
  return std::nullopt;
}

Outcome take_text(const YamlNode& value, std::string& to) {
  if (value.kind != YamlNode::Kind::scalar || value.text.empty())
    return complaint(value, "a text is missing here");
  to = value.text;
  return std::nullopt;
}

Outcome take_path(const YamlNode& value, const std::filesystem::path& folder, std::filesystem::path& to) {
  std::string text;
  if (auto wrong = take_text(value, text)) return wrong;
  to = folder / text;
  return std::nullopt;
}

Outcome take_flag(const YamlNode& value, bool& to) {
  if (value.text != "true" && value.text != "false") return complaint(value, "this is true or false");
  to = value.text == "true";
  return std::nullopt;
}

template <typename T>
struct Named {
  std::string_view name;
  T value;
};

/// A word of a table.
template <typename T, std::size_t size>
Outcome take_word(const YamlNode& value, const std::array<Named<T>, size>& table, T& to) {
  const auto found = std::ranges::find(table, std::string_view{value.text}, &Named<T>::name);
  if (found != table.end()) {
    to = found->value;
    return std::nullopt;
  }
  std::string names;
  for (const auto& one : table) names += fmt::format("{}{}", names.empty() ? "" : ", ", one.name);
  return complaint(value, fmt::format("{} is none of {}", excerpt(value.text), names));
}

constexpr std::array<Named<ClientAuth>, 6> client_auths{
    {{"NoClientCert", ClientAuth::none},
     {"RequestClientCert", ClientAuth::request},
     {"RequireClientCert", ClientAuth::require_any},
     {"RequireAnyClientCert", ClientAuth::require_any},
     {"VerifyClientCertIfGiven", ClientAuth::verify_if_given},
     {"RequireAndVerifyClientCert", ClientAuth::require_and_verify}}};
constexpr std::array<Named<int>, 4> versions{{{"TLS13", TLS1_3_VERSION},
                                              {"TLS12", TLS1_2_VERSION},
                                              {"TLS11", TLS1_1_VERSION},
                                              {"TLS10", TLS1_VERSION}}};
/// Go's names of crypto/tls.
constexpr std::array<Named<std::string_view>, 4> curves{
    {{"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}}};

template <typename Take>
Outcome each_item(const YamlNode& list, Take take) {
  if (list.kind == YamlNode::Kind::empty) return std::nullopt;
  if (list.kind != YamlNode::Kind::sequence) return complaint(list, "this is a list");
  for (const auto& item : list.children)
    if (auto wrong = take(item)) return wrong;
  return std::nullopt;
}

Outcome take_ciphers(const YamlNode& value, std::vector<std::string>& to) {
  return each_item(value, [&to](const YamlNode& item) -> Outcome {
    // Go's names are IANA's; those of TLS 1.3 are always on, there as here.
    if (item.text.starts_with("TLS_AES_") || item.text.starts_with("TLS_CHACHA20_")) return std::nullopt;
    const std::string_view name = OPENSSL_cipher_name(item.text.c_str());
    if (name == "(NONE)")
      return complaint(item, fmt::format("{} is no cipher suite that is known here; names are as in "
                                         "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                         excerpt(item.text)));
    to.emplace_back(name);
    return std::nullopt;
  });
}

Outcome take_groups(const YamlNode& value, std::vector<std::string>& to) {
  return each_item(value, [&to](const YamlNode& item) -> Outcome {
    std::string_view group;
    if (auto wrong = take_word(item, curves, group)) return wrong;
    to.emplace_back(group);
    return std::nullopt;
  });
}

Outcome take_tls(const YamlNode& map, const std::filesystem::path& folder, std::optional<TlsServer>& to) {
  TlsServer tls{.certificate = {},
                .key = {},
                .client_ca = {},
                .least_version = TLS1_2_VERSION,
                .most_version = TLS1_3_VERSION,
                .ciphers = {},
                .groups = {}};
  auto wrong =
      each_pair(map, "tls_server_config", [&](const YamlNode& key, const YamlNode& value) -> Outcome {
        if (key.text == "cert_file") return take_path(value, folder, tls.certificate);
        if (key.text == "key_file") return take_path(value, folder, tls.key);
        if (key.text == "client_ca_file") return take_path(value, folder, tls.client_ca);
        if (key.text == "client_auth_type") return take_word(value, client_auths, tls.client_auth);
        if (key.text == "min_version") return take_word(value, versions, tls.least_version);
        if (key.text == "max_version") return take_word(value, versions, tls.most_version);
        if (key.text == "cipher_suites") return take_ciphers(value, tls.ciphers);
        if (key.text == "curve_preferences") return take_groups(value, tls.groups);
        if (key.text == "prefer_server_cipher_suites") return take_flag(value, tls.server_preference);
        if (key.text == "cert" || key.text == "key" || key.text == "client_ca")
          return complaint(
              key,
              fmt::format("{0} in the text itself is not supported; name a file with {0}_file", key.text));
        return complaint(key, fmt::format("unknown key {} of tls_server_config", excerpt(key.text)));
      });
  if (wrong) return wrong;
  if (map.kind == YamlNode::Kind::empty) return std::nullopt;
  if (tls.certificate.empty())
    return complaint(map, "cert_file is missing; it names the server's certificate");
  if (tls.key.empty())
    return complaint(map, "key_file is missing; it names the key of the server's certificate");
  if (tls.least_version > tls.most_version) return complaint(map, "min_version is newer than max_version");
  const bool verifies =
      tls.client_auth == ClientAuth::verify_if_given || tls.client_auth == ClientAuth::require_and_verify;
  if (verifies && tls.client_ca.empty())
    return complaint(map, "client_ca_file is missing; clients' certificates are verified by it");
  if (!tls.client_ca.empty() && tls.client_auth == ClientAuth::none)
    return complaint(
        map, "client_ca_file without client_auth_type has no effect; set it to RequireAndVerifyClientCert");
  to = std::move(tls);
  return std::nullopt;
}

Outcome take_field(const YamlNode& key, const YamlNode& value, WebConfig& config) {
  constexpr std::array names{"Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options",
                             "X-XSS-Protection", "Strict-Transport-Security"};
  if (std::ranges::find(names, std::string_view{key.text}) == names.end())
    return complaint(key, fmt::format("the header field {} cannot be set", excerpt(key.text)));
  const auto one_of = [&](std::initializer_list<std::string_view> words) -> Outcome {
    if (std::ranges::find(words, std::string_view{value.text}) != words.end()) return std::nullopt;
    return complaint(value, fmt::format("{} is no value of {}", excerpt(value.text), key.text));
  };
  Outcome wrong;
  if (key.text == "X-Frame-Options") wrong = one_of({"", "deny", "sameorigin"});
  if (key.text == "X-Content-Type-Options") wrong = one_of({"", "nosniff"});
  if (wrong) return wrong;
  for (const char c : value.text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || static_cast<unsigned char>(c) >= 0x80)
      return complaint(value, "a header field is printable ASCII on one line");
  if (!value.text.empty()) config.fields.emplace_back(key.text, value.text);
  return std::nullopt;
}

Outcome take_http(const YamlNode& map, WebConfig& config) {
  return each_pair(
      map, "http_server_config", [&config](const YamlNode& key, const YamlNode& value) -> Outcome {
        // HTTP/2 is negotiated (RFC 9113 §3.2): whoever would like it gets HTTP/1.1.
        bool ignored = false;
        if (key.text == "http2") return take_flag(value, ignored);
        if (key.text == "headers")
          return each_pair(value, "headers", [&config](const YamlNode& name, const YamlNode& field) {
            return take_field(name, field, config);
          });
        return complaint(key, fmt::format("unknown key {} of http_server_config", excerpt(key.text)));
      });
}

Outcome take_user(const YamlNode& key, const YamlNode& value, WebConfig& config) {
  if (key.text.empty() || key.text.find(':') != std::string::npos)
    return complaint(key, "a user's name is not empty and has no ':' (RFC 7617 §2)");
  const auto cost = bcrypt_cost(value.text);
  if (!cost)
    return complaint(
        value,
        fmt::format("the password of {} is no bcrypt hash; make one with: htpasswd -nBC 10 '' | tr -d ':\\n'",
                    excerpt(key.text)));
  if (*cost > highest_cost)
    return complaint(
        value, fmt::format("the cost {} takes too long for every request; at most {}", *cost, highest_cost));
  config.users.push_back({key.text, probe::Secret{value.text}});
  return std::nullopt;
}

Outcome take_all(const YamlNode& root, const std::filesystem::path& folder, WebConfigText& to) {
  return each_pair(root, "the configuration", [&](const YamlNode& key, const YamlNode& value) -> Outcome {
    if (key.text == "tls_server_config") return take_tls(value, folder, to.config.tls);
    if (key.text == "http_server_config") return take_http(value, to.config);
    if (key.text == "fwprobe_bearer_token_file") return take_path(value, folder, to.token_file);
    if (key.text == "basic_auth_users")
      return each_pair(value, "basic_auth_users", [&to](const YamlNode& name, const YamlNode& hash) {
        return take_user(name, hash, to.config);
      });
    return complaint(key, fmt::format("unknown key {}; there are tls_server_config, http_server_config, "
                                      "basic_auth_users and fwprobe_bearer_token_file",
                                      excerpt(key.text)));
  });
}

std::expected<std::string, std::string> content_of(const std::filesystem::path& file, std::size_t limit) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream) return std::unexpected{fmt::format("{}: {}", file.string(), std::strerror(errno))};
  std::string content(limit + 1, '\0');
  stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (stream.bad()) return std::unexpected{fmt::format("{}: cannot be read", file.string())};
  content.resize(static_cast<std::size_t>(stream.gcount()));
  if (content.size() > limit)
    return std::unexpected{fmt::format("{}: larger than {} KiB", file.string(), limit / 1024)};
  return content;
}

std::expected<probe::Secret, std::string> token_of(const std::filesystem::path& file) {
  auto content = content_of(file, 4096);
  if (!content) return std::unexpected{content.error()};
  while (!content->empty() && (content->back() == '\n' || content->back() == '\r')) content->pop_back();
  if (content->size() < 16)
    return std::unexpected{fmt::format(
        "{}: a token has at least 16 characters; make one with: openssl rand -hex 32", file.string())};
  // RFC 6750 §2.1: b64token.
  if (std::ranges::any_of(*content, [](char c) { return c <= ' ' || c >= 0x7f; }))
    return std::unexpected{fmt::format("{}: a token is one word of printable ASCII", file.string())};
  return probe::Secret{std::move(*content)};
}

}  // namespace

std::optional<int> bcrypt_cost(std::string_view hash) {
  // crypt(5): $2b$ 2 digits $ 22 of salt 31 of hash. $2x$ marks the hashes of a broken implementation.
  constexpr std::string_view alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  if (hash.size() != 60 || hash[6] != '$') return std::nullopt;
  if (const auto prefix = hash.substr(0, 4); prefix != "$2a$" && prefix != "$2b$" && prefix != "$2y$")
    return std::nullopt;
  if (hash.substr(7).find_first_not_of(alphabet) != std::string_view::npos) return std::nullopt;
  const auto cost = whole_number<int>(hash.substr(4, 2));
  if (!cost || *cost < 4 || *cost > 31) return std::nullopt;
  return cost;
}

std::expected<WebConfigText, std::string> read_web_config(std::string_view text,
                                                          const std::filesystem::path& file) {
  const auto told = [&file](const Complaint& wrong) {
    return std::unexpected{
        fmt::format("{}:{}:{}: {}", file.string(), wrong.place.line, wrong.place.column, wrong.message)};
  };
  // An empty file is a configuration without anything, to the toolkit too.
  if (text.find_first_not_of(" \r\n") == std::string_view::npos) return WebConfigText{};
  const auto root = allowlist::read_tree(text, {.bytes = longest_file, .nodes = 10'000});
  if (!root) return told(root.error());
  WebConfigText read;
  if (const auto wrong = take_all(*root, file.parent_path(), read)) return told(*wrong);
  return read;
}

std::expected<WebConfig, std::string> load_web_config(const std::filesystem::path& file) {
  if (file.empty()) return WebConfig{};
  const auto text = content_of(file, longest_file);
  if (!text) return std::unexpected{text.error()};
  auto read = read_web_config(*text, file);
  if (!read) return std::unexpected{read.error()};
  if (!read->token_file.empty()) {
    auto token = token_of(read->token_file);
    if (!token) return std::unexpected{token.error()};
    read->config.token = std::move(*token);
  }
  return std::move(read->config);
}

}  // namespace fwprobe::monitor
