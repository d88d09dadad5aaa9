#include "probe/tls.h"

#include <functional>
#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "tests/support/handshakes.h"
#include "tests/support/tls_server.h"

namespace fwprobe::probe {
namespace {

using namespace tests;

struct Row {
  std::string name;
  std::function<TlsServerWish()> server;
  TlsQuestion ask = question();
  std::string expected;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Against : public testing::TestWithParam<Row> {};

TEST_P(Against, OpensslServer) {
  const auto& row = GetParam();
  const TlsServer server{row.server()};
  ASSERT_TRUE(server.listening()) << server.log();
  asio::io_context context;
  auto loaded = contexts();
  const auto got = shake(context, loaded, server.endpoint(), row.ask);
  EXPECT_EQ(in_words(got.fact), row.expected) << row.name << "\n" << server.log();
  const bool sound =
      got.fact.result && got.fact.verify_errors.empty() && row.ask.policy == TlsPolicy::standard;
  EXPECT_EQ(got.connection.has_value(), sound) << "only a verified connection is handed on";
}

TlsServerWish good(std::vector<std::string> arguments = {}) {
  return {
      .leaf = leaf(), .chain = {authorities().intermediate}, .arguments = std::move(arguments), .files = {}};
}
TlsServerWish with_leaf(const CertificateWish& wish, std::vector<std::string> arguments = {}) {
  return {.leaf = leaf(wish),
          .chain = {authorities().intermediate},
          .arguments = std::move(arguments),
          .files = {}};
}
TlsServerWish with(const Identity& leaf, std::vector<Identity> chain = {},
                   std::vector<std::string> arguments = {}) {
  return {.leaf = leaf, .chain = std::move(chain), .arguments = std::move(arguments), .files = {}};
}

const auto permissive = question(name_host("server.test"), TlsPolicy::permissive);

const Row rows[] = {
    {"a healthy TLS 1.3 server verifies", [] { return good(); }, question(), "TLSv1.3"},
    {"a healthy TLS 1.2 server verifies", [] { return good({"-tls1_2"}); }, question(), "TLSv1.2"},
    {"an RSA certificate of 2048 bits is strong enough", [] { return with_leaf({.key = rsa_key(2048)}); },
     question(), "TLSv1.3"},
    {"an Ed25519 certificate verifies",
     [] { return with_leaf({.key = {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free}}); },
     question(), "TLSv1.3"},
    {"a wildcard covers one label", [] { return with_leaf({.alternative_names = "DNS:*.tests.test"}); },
     question(name_host("a.tests.test")), "TLSv1.3"},
    {"a wildcard does not cover two labels",
     [] { return with_leaf({.alternative_names = "DNS:*.tests.test"}); },
     question(name_host("a.b.tests.test")), "TLSv1.3 62@0"},
    {"another name is a mismatch", [] { return good(); }, question(name_host("other.test")), "TLSv1.3 62@0"},
    {"a common name is no subjectAltName", [] { return with_leaf({.alternative_names = ""}); }, question(),
     "TLSv1.3 62@0"},
    {"an IPv4 address is covered by an iPAddress",
     [] { return with_leaf({.alternative_names = "IP:192.0.2.7"}); }, question(address_host("192.0.2.7")),
     "TLSv1.3"},
    {"an IPv6 address is covered by an iPAddress",
     [] { return with_leaf({.alternative_names = "IP:2001:db8::7"}); }, question(address_host("2001:db8::7")),
     "TLSv1.3"},
    {"an address is not covered by a dNSName of its text",
     [] { return with_leaf({.alternative_names = "DNS:192.0.2.7"}); }, question(address_host("192.0.2.7")),
     "TLSv1.3 64@0"},
    {"an expired leaf", [] { return with_leaf({.begins = -48h, .ends = -24h}); }, question(), "TLSv1.3 10@0"},
    {"a leaf that is not yet valid", [] { return with_leaf({.begins = 24h, .ends = 48h}); }, question(),
     "TLSv1.3 9@0"},
    {"all that is wrong is said, not the first only",
     [] { return with_leaf({.alternative_names = "DNS:x.test", .begins = -48h, .ends = -24h}); }, question(),
     "TLSv1.3 62@0 10@0"},
    {"an expired intermediate is at depth 1",
     [] {
       const auto old =
           leaf_by(authorities().root,
                   {.name = "Old", .alternative_names = "", .begins = -48h, .ends = -24h, .authority = true});
       return with(leaf_by(old), {old});
     },
     question(), "TLSv1.3 10@1"},
    {"a self-signed leaf", [] { return with(issue({})); }, question(), "TLSv1.3 18@0"},
    {"an untrusted root that is presented",
     [] { return with(leaf_by(authorities().stranger), {authorities().stranger}); }, question(),
     "TLSv1.3 19@1"},
    {"a missing intermediate", [] { return with(leaf()); }, question(), "TLSv1.3 20@0"},
    {"an untrusted root behind an intermediate that is not presented",
     [] {
       const auto middle =
           leaf_by(authorities().stranger, {.name = "M", .alternative_names = "", .authority = true});
       return with(leaf_by(middle), {middle});
     },
     question(), "TLSv1.3 20@1"},
    {"a leaf that is not allowed to sign does",
     [] {
       const auto wrong = leaf_by(authorities().root, {.name = "No Authority"});
       return with(leaf_by(wrong), {wrong});
     },
     question(), "TLSv1.3 79@1 26@1"},
    {"a certificate for clients only", [] { return with_leaf({.extra_usage = "clientAuth"}); }, question(),
     "TLSv1.3 26@0"},
    {"an RSA key of 1024 bits is weak",
     [] { return with_leaf({.key = rsa_key(1024)}, {"-cipher", "ALL:@SECLEVEL=0"}); }, question(),
     "TLSv1.3 66@0"},
    {"an RSA key of 1024 bits is weak in TLS 1.2 too",
     [] { return with_leaf({.key = rsa_key(1024)}, {"-tls1_2", "-cipher", "ALL:@SECLEVEL=0"}); }, question(),
     "TLSv1.2 66@0"},
    {"an authority's key of 1024 bits is weak",
     [] {
       const auto weak =
           leaf_by(authorities().root,
                   {.name = "Weak", .alternative_names = "", .key = rsa_key(1024), .authority = true});
       return with(leaf_by(weak), {weak}, {"-cipher", "ALL:@SECLEVEL=0"});
     },
     question(), "TLSv1.3 67@1"},
    {"a SHA-1 signature is weak",
     [] { return with_leaf({.digest = "SHA1"}, {"-cipher", "ALL:@SECLEVEL=0"}); }, question(),
     "TLSv1.3 68@0"},
    {"the weak are no error for the permissive policy",
     [] { return with_leaf({.digest = "SHA1", .key = rsa_key(1024)}, {"-cipher", "ALL:@SECLEVEL=0"}); },
     permissive, "TLSv1.3"},
    {"DHE parameters of 1024 bits are refused by us, with an alert",
     [] {
       return with_leaf({.key = rsa_key(1024)},
                        {"-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"});
     },
     question(), " sent handshake_failure (dh key too small), after ServerHello 66@0"},
    {"a server of TLS 1.0 only is refused", [] { return good({"-tls1", "-cipher", "ALL:@SECLEVEL=0"}); },
     question(), "received protocol_version"},
    {"a server of TLS 1.0 only, measured", [] { return good({"-tls1", "-cipher", "ALL:@SECLEVEL=0"}); },
     permissive, "TLSv1.0"},
    {"a server of TLS 1.1 only, measured", [] { return good({"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}); },
     permissive, "TLSv1.1"},
    {"a permissive handshake verifies as strictly", [] { return with_leaf({.begins = -48h, .ends = -24h}); },
     permissive, "TLSv1.3 10@0"},
    {"no cipher suite in common", [] { return good({"-tls1_2", "-cipher", "CAMELLIA256:@SECLEVEL=0"}); },
     question(), "received handshake_failure"},
    {"no cipher suite in common but for the permissive",
     [] { return with_leaf({.key = rsa_key(2048)}, {"-tls1_2", "-cipher", "CAMELLIA256-SHA:@SECLEVEL=0"}); },
     permissive, "TLSv1.2"},
    {"an anonymous cipher suite proves nothing",
     [] { return good({"-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"}); }, permissive, "TLSv1.2 1@0"},
    {"no group in common", [] { return good({"-groups", "brainpoolP256r1", "-tls1_2"}); }, question(),
     "received handshake_failure"},
    {"no group in common but for the permissive",
     [] { return good({"-groups", "brainpoolP256r1", "-tls1_2"}); }, permissive, "TLSv1.2"},
    {"a name that the server does not know",
     [] {
       auto wish = good(
           {"-servername", "only.test", "-servername_fatal", "-cert2", "@leaf.pem", "-key2", "@leaf.key"});
       return wish;
     },
     question(), "received unrecognized_name"},
    {"TLS 1.2 wants a client certificate and gets none",
     [] { return good({"-tls1_2", "-Verify", "1", "-verify_return_error"}); }, question(),
     "received handshake_failure, after ServerHello"},
    {"TLS 1.3 wants a client certificate and gets none",
     [] { return good({"-Verify", "1", "-verify_return_error"}); }, question(),
     "received certificate_required, after ServerHello"},
    {"TLS 1.3 asks for a client certificate and does without", [] { return good({"-verify", "1"}); },
     question(), "TLSv1.3"},
    {"TLS 1.2 asks for a client certificate and does without",
     [] { return good({"-tls1_2", "-verify", "1"}); }, question(), "TLSv1.2"},
};

INSTANTIATE_TEST_SUITE_P(Tls, Against, testing::ValuesIn(rows), [](const auto& row) {
  std::string name = row.param.name;
  for (auto& letter : name)
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  return name;
});

/// What the server at the other end of `connection` answers to a request.
std::string status_line(asio::io_context& context, Connection& connection) {
  const auto deadline = Clock::now() + 10s;
  EXPECT_TRUE(run(context, connection.write("GET / HTTP/1.0\r\n\r\n", deadline)));
  std::string answer(256, '\0');
  const auto count = run(context, connection.read_some(answer, deadline));
  answer.resize(count.value_or(0));
  return answer.substr(0, answer.find('\r'));
}

TEST(Tls, AHealthyHandshakeTellsAllAndHandsTheConnectionOn) {
  const auto server_leaf = leaf({.alternative_names = "DNS:server.test,IP:192.0.2.7,DNS:two.test"});
  const TlsServer server{with(server_leaf, {authorities().intermediate}, {"-alpn", "http/1.1"})};
  ASSERT_TRUE(server.listening()) << server.log();
  asio::io_context context;
  auto loaded = contexts();
  auto ask = question();
  ask.alpn = {"h2", "http/1.1"};
  auto [fact, connection] = shake(context, loaded, server.endpoint(), ask);

  EXPECT_EQ(fact.question, ask);
  ASSERT_TRUE(fact.result) << in_words(fact);
  EXPECT_EQ(fact.result->version, "TLSv1.3");
  EXPECT_EQ(fact.result->cipher, "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(fact.result->group, "X25519");
  EXPECT_EQ(fact.result->alpn, "http/1.1");
  EXPECT_FALSE(fact.result->client_certificate_requested);
  EXPECT_EQ(fact.ocsp, OcspStatus::not_stapled);
  EXPECT_EQ(fact.trusted_roots, trusting_the_root().ca_file);
  EXPECT_EQ(fact.verified_path, (std::vector<std::string>{"CN=server.test,O=fwprobe tests",
                                                          "CN=Tests Intermediate,O=fwprobe tests",
                                                          "CN=Tests Root,O=fwprobe tests"}));
  ASSERT_EQ(fact.chain.size(), 2U) << "the root is not presented";
  EXPECT_EQ(fact.chain[0].subject, "CN=server.test,O=fwprobe tests");
  EXPECT_EQ(fact.chain[0].issuer, fact.chain[1].subject);
  EXPECT_EQ(fact.chain[0].dns_names, (std::vector<std::string>{"server.test", "two.test"}));
  EXPECT_EQ(fact.chain[0].ip_names, std::vector{asio::ip::make_address("192.0.2.7")});
  EXPECT_EQ(fact.chain[0].key_type, "EC P-256");
  ASSERT_TRUE(connection);
  EXPECT_EQ(status_line(context, *connection), "HTTP/1.0 200 ok");
}

TEST(Tls, IPv6) {
  if (!has_ipv6_loopback()) GTEST_SKIP() << "this machine has no ::1";
  auto wish = with(leaf({.alternative_names = "IP:::1"}), {authorities().intermediate});
  wish.address = asio::ip::address_v6::loopback();
  const TlsServer server{wish};
  ASSERT_TRUE(server.listening()) << server.log();
  EXPECT_EQ(in_words(fact_of(server.endpoint(), question(address_host("::1")))), "TLSv1.3");
}

TEST(Tls, TheServerNameIsSentAndAnAddressIsNot) {
  const auto named = leaf({.alternative_names = "DNS:named.test"});
  auto wish = good({"-servername", "named.test", "-cert2", "@named.pem", "-key2", "@named.key"});
  wish.files = {{"named.pem", named.certificate_pem()}, {"named.key", named.key_pem()}};
  const TlsServer server{wish};
  ASSERT_TRUE(server.listening()) << server.log();
  const auto presented = [&](const std::string& server_name) {
    auto ask = question();
    ask.server_name = server_name;
    const auto fact = fact_of(server.endpoint(), ask);
    return fact.chain.empty() ? in_words(fact) : fact.chain[0].dns_names.at(0);
  };
  EXPECT_EQ(presented("named.test"), "named.test");
  EXPECT_EQ(presented("server.test"), "server.test");
  EXPECT_EQ(presented(""), "server.test");
  EXPECT_EQ(presented("192.0.2.7"), "server.test");
}

TEST(Tls, KeyExchangesHaveNames) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"-groups", "P-384"}, "P-384"},
      {{"-groups", "P-256", "-tls1_2"}, "P-256"},
      {{"-groups", "X25519", "-tls1_2"}, "X25519"},
      {{"-groups", "ffdhe2048"}, "ffdhe2048"},
  };
  for (const auto& [arguments, group] : cases) {
    const TlsServer server{good(arguments)};
    ASSERT_TRUE(server.listening()) << server.log();
    const auto fact = fact_of(server.endpoint(), question());
    ASSERT_TRUE(fact.result) << in_words(fact);
    EXPECT_EQ(fact.result->group, group);
  }
  const TlsServer rsa{with_leaf({.key = rsa_key(2048)}, {"-tls1_2", "-cipher", "AES128-GCM-SHA256"})};
  EXPECT_EQ(fact_of(rsa.endpoint(), question()).result.value().group, "");
  const TlsServer dhe{with_leaf({.key = rsa_key(2048)}, {"-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"})};
  EXPECT_EQ(fact_of(dhe.endpoint(), question()).result.value().group, "DH 2048");
}

TEST(Tls, TheChainIsKeptWhenTheHandshakeFails) {
  const TlsServer server{good({"-tls1_2", "-Verify", "1", "-verify_return_error"})};
  ASSERT_TRUE(server.listening()) << server.log();
  const auto fact = fact_of(server.endpoint(), question());
  EXPECT_FALSE(fact.result);
  EXPECT_EQ(fact.chain.size(), 2U);
  EXPECT_EQ(fact.verified_path.size(), 3U);
  EXPECT_TRUE(fact.client_certificate_requested);
}

TEST(Tls, AtMost32CertificatesOfAChainAreKept) {
  std::vector<Identity> chain{authorities().intermediate};
  while (chain.size() < 50) chain.push_back(authorities().stranger);
  const TlsServer server{with(leaf(), chain)};
  ASSERT_TRUE(server.listening()) << server.log();
  const auto fact = fact_of(server.endpoint(), question());
  EXPECT_EQ(in_words(fact), "TLSv1.3");
  EXPECT_EQ(fact.chain.size(), 32U);
}

TEST(Tls, NoPathIsToldWhenNoneEndsInATrustAnchor) {
  const TlsServer server{with(leaf_by(authorities().stranger), {authorities().stranger})};
  ASSERT_TRUE(server.listening()) << server.log();
  const auto fact = fact_of(server.endpoint(), question());
  EXPECT_EQ(fact.chain.size(), 2U);
  EXPECT_TRUE(fact.verified_path.empty());
}

TEST(Tls, WhatCannotBeAskedIsAFailureAndNeverAnUnverifiedHandshake) {
  const TlsServer server{good()};
  ASSERT_TRUE(server.listening()) << server.log();
  auto nobody = question(Host{});
  EXPECT_EQ(in_words(fact_of(server.endpoint(), nobody)),
            " (no host to verify the certificate for), no answer");
  auto long_name = question();
  long_name.server_name = std::string(300, 'a');
  EXPECT_THAT(in_words(fact_of(server.endpoint(), long_name)),
              testing::HasSubstr("server name cannot be sent"));
  auto empty_protocol = question();
  empty_protocol.alpn = {""};
  EXPECT_THAT(in_words(fact_of(server.endpoint(), empty_protocol)), testing::HasSubstr("ALPN"));
}

TEST(TlsAlerts, HaveTheNamesOfTheRfc) {
  EXPECT_EQ(alert_name(40), "handshake_failure");
  EXPECT_EQ(alert_name(116), "certificate_required");
  EXPECT_EQ(alert_name(200), "alert_200");
}

}  // namespace
}  // namespace fwprobe::probe
