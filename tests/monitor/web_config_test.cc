#include "monitor/web/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "monitor/web/gatekeeper.h"

namespace fwprobe::monitor {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view hash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";

std::expected<WebConfigText, std::string> read(std::string_view text) {
  return read_web_config(text, "/etc/fwprobe/web.yml");
}

TEST(WebConfig, TakesWhatTheToolkitTakes) {
  const auto read_text = read(R"(tls_server_config:
  cert_file: server.pem
  key_file: /keys/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: clients.pem
  min_version: TLS13
  max_version: TLS13
  prefer_server_cipher_suites: false
  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: true
  headers:
    X-Frame-Options: deny
    Content-Security-Policy: "default-src 'self'"
basic_auth_users:
  alice: )" + std::string{hash} +
                              "\nfwprobe_bearer_token_file: token\n");
  ASSERT_TRUE(read_text) << read_text.error();
  const auto& config = read_text->config;
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->certificate, "/etc/fwprobe/server.pem");
  EXPECT_EQ(config.tls->key, "/keys/server.key");
  EXPECT_EQ(config.tls->client_auth, ClientAuth::require_and_verify);
  EXPECT_EQ(config.tls->least_version, TLS1_3_VERSION);
  EXPECT_FALSE(config.tls->server_preference);
  EXPECT_THAT(config.tls->ciphers, testing::ElementsAre("ECDHE-RSA-AES128-GCM-SHA256"));
  EXPECT_THAT(config.tls->groups, testing::ElementsAre("X25519", "P-256"));
  EXPECT_EQ(config.fields.size(), 2U);
  ASSERT_EQ(config.users.size(), 1U);
  EXPECT_EQ(config.users.front().hash.expose(), hash);
  EXPECT_EQ(read_text->token_file, "/etc/fwprobe/token");
  EXPECT_TRUE(read("")->config.is_open());
  EXPECT_TRUE(read("tls_server_config:\nbasic_auth_users:\n")->config.is_open());
}

struct Row {
  const char* text;
  const char* place;
  const char* words;
};

TEST(WebConfig, SaysWhatIsWrongAndWhere) {
  const Row rows[] = {
      {"basic_auth_user:\n  a: b\n", ":1:1:", "unknown key"},
      {"tls_server_config:\n  cert_file: a\n", ":2:3:", "key_file is missing"},
      {"tls_server_config:\n  key_file: a\n", ":2:3:", "cert_file is missing"},
      {"tls_server_config:\n  cert: x\n", ":2:3:", "cert_file"},
      {"tls_server_config: {cert_file: a, key_file: b, min_version: TLS9}\n", ":1:61:", "TLS12"},
      {"tls_server_config: {cert_file: a, key_file: b, min_version: TLS13, max_version: TLS12}\n",
       ":1:20:", "newer"},
      {"tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAndVerifyClientCert}\n",
       ":1:20:", "client_ca_file"},
      {"tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}\n", ":1:20:", "client_auth_type"},
      {"tls_server_config: {cert_file: a, key_file: b, cipher_suites: [RC4]}\n", ":1:64:", "cipher"},
      {"tls_server_config: {cert_file: a, key_file: b, curve_preferences: [P256]}\n", ":1:68:", "CurveP256"},
      {"http_server_config: {http2: perhaps}\n", ":1:29:", "true or false"},
      {"http_server_config: {headers: {Server: x}}\n", ":1:32:", "cannot be set"},
      {"http_server_config: {headers: {X-Frame-Options: no}}\n", ":1:49:", "no value"},
      {"http_server_config: {headers: {X-XSS-Protection: \"a\\r\\nSet-Cookie: b\"}}\n", ":1:50:", "one line"},
      {"basic_auth_users:\n  alice: secret\n", ":2:10:", "htpasswd"},
      {"basic_auth_users:\n  \"a:b\": x\n", ":2:3:", "RFC 7617"},
      {"basic_auth_users:\n  a: $2y$31$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n",
       ":2:6:", "31"},
      {"basic_auth_users: {}\nbasic_auth_users: {}\n", ":2:1:", "twice"},
      {"rate_limit: {burst: 1}\n", ":1:1:", "unknown key"},
      {"- a\n", ":1:1:", "map"},
      {"a: b", ":1:5:", "cut short"},
  };
  for (const auto& row : rows) {
    const auto config = read(row.text);
    ASSERT_FALSE(config) << row.text;
    EXPECT_THAT(config.error(), StartsWith("/etc/fwprobe/web.yml" + std::string{row.place})) << row.text;
    EXPECT_THAT(config.error(), HasSubstr(row.words)) << row.text;
  }
}

TEST(WebConfig, NoErrorShowsAPassword) {
  EXPECT_THAT(read("basic_auth_users:\n  alice: hunter22\n").error(), testing::Not(HasSubstr("hunter22")));
}

TEST(WebConfig, KnowsBcryptFromOtherHashes) {
  EXPECT_EQ(bcrypt_cost(hash), 10);
  for (const auto* other : {"", "$1$abc$def", "$2x$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG",
                            "$2y$03$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG",
                            "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7z"})
    EXPECT_EQ(bcrypt_cost(other), std::nullopt) << other;
}

TEST(Authorization, IsReadStrictly) {
  const auto presented = [](std::string value) {
    return read_authorization(*read_request("GET", "/", {{"Authorization", std::move(value)}}, 0));
  };
  const auto basic = presented("basic dTpwOnE=");  // u:p:q
  ASSERT_TRUE(std::holds_alternative<BasicCredentials>(basic));
  EXPECT_EQ(std::get<BasicCredentials>(basic).user, "u");
  EXPECT_EQ(std::get<BasicCredentials>(basic).password.expose(), "p:q");
  EXPECT_EQ(std::get<probe::Secret>(presented("Bearer  abc ")).expose(), "abc");
  // "u", "u:p\0q", not Base64, another scheme
  for (const auto* none : {"", "Basic", "Basic dQ==", "Basic dTpwAHE=", "Basic dTpw*", "Digest abc"})
    EXPECT_TRUE(std::holds_alternative<std::monostate>(presented(none))) << none;
}

}  // namespace
}  // namespace fwprobe::monitor
