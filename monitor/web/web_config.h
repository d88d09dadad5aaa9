#pragma once
// web-config.yml of the Prometheus exporter-toolkit: TLS, users and header fields of the HTTP side.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/secret.h"

namespace fwprobe::monitor {

enum class ClientAuth : std::uint8_t { none, request, require_any, verify_if_given, require_and_verify };

struct TlsServer {
  std::filesystem::path certificate, key, client_ca;  ///< PEM
  ClientAuth client_auth = ClientAuth::none;
  int least_version, most_version;   ///< OpenSSL's TLS1_2_VERSION, …
  std::vector<std::string> ciphers;  ///< OpenSSL's names, for TLS 1.2 and older; empty: the library's
  std::vector<std::string> groups;   ///< empty: the library's
  bool server_preference = true;
};

struct WebUser {
  std::string name;
  probe::Secret hash;  ///< bcrypt, crypt(5)
};

struct WebConfig {
  std::optional<TlsServer> tls;
  std::vector<WebUser> users;
  std::optional<probe::Secret> token;  ///< of fwprobe_bearer_token_file
  std::vector<std::pair<std::string, std::string>> fields;

  bool is_open() const { return users.empty() && !token; }
};

/// Relative file names are below `file`'s folder, as the toolkit has them. The error is "file:line:column:
/// what", with what would be right. An empty name: plain HTTP for everybody.
std::expected<WebConfig, std::string> load_web_config(const std::filesystem::path& file);
/// The text of one; reads no file: `token_file` is where the token would come from.
struct WebConfigText {
  WebConfig config;
  std::filesystem::path token_file;
};
std::expected<WebConfigText, std::string> read_web_config(std::string_view text,
                                                          const std::filesystem::path& file);

/// The work factor of a bcrypt hash; nothing when it is none.
std::optional<int> bcrypt_cost(std::string_view hash);

}  // namespace fwprobe::monitor
