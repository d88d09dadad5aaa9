#include "probe/ssh.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/servers.h"
#include "tests/support/sockets.h"

namespace fwprobe::probe {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;

const SshQuestion question{MeasurementId{7}};

/// OpenSSH on this process' own address, with the keys of these types.
class Sshd {
 public:
  explicit Sshd(const std::vector<std::string>& types, const std::string& more = {}) {
    std::string config = "ListenAddress " + endpoint_.address().to_string() + "\nPort " +
                         std::to_string(endpoint_.port()) + "\nPidFile none\nUsePAM no\n" + more;
    for (const auto& type : types) {
      tests::Process keygen{folder_,
                            {"/usr/bin/ssh-keygen", "-q", "-t", type, "-N", "", "-f", type + "_key"}};
      EXPECT_TRUE(keygen.succeeded()) << keygen.log();
      config += "HostKey " + folder_.path(type + "_key") + "\n";
    }
    folder_.write("sshd_config", config);
    server_.emplace(
        folder_, std::vector<std::string>{"/usr/sbin/sshd", "-D", "-e", "-f", folder_.path("sshd_config")});
    EXPECT_TRUE(tests::listens(*server_, endpoint_)) << server_->log();
  }

  /// What ssh-keygen(1) says of a key: "256 SHA256:… comment (ED25519)".
  std::string listed(const std::string& type) const {
    const tests::TempFolder folder;
    tests::Process keygen{folder, {"/usr/bin/ssh-keygen", "-l", "-f", folder_.path(type + "_key.pub")}};
    EXPECT_TRUE(keygen.succeeded()) << keygen.log();
    return keygen.log();
  }

  SshBanner ask(const SshQuestion& asked = question) const {
    asio::io_context context;
    tcp::socket socket{context};
    socket.connect(endpoint_);
    Connection connection{std::move(socket)};
    return tests::run(context, read_banner(asked, connection, 10s));
  }

 private:
  tests::TempFolder folder_;
  tcp::endpoint endpoint_{tests::own_loopback(), tests::free_port(tests::own_loopback())};
  std::optional<tests::Process> server_;
};

TEST(Ssh, ARealServerIdentifiesItself) {
  const Sshd server{{"ed25519"}, "VersionAddendum for the test\n"};
  const auto banner = server.ask();
  EXPECT_EQ(banner.question, question);
  ASSERT_TRUE(banner.result) << banner.result.error().first_bytes;
  EXPECT_EQ(banner.result->protocol, "2.0");
  EXPECT_TRUE(banner.result->software.starts_with("OpenSSH_")) << banner.result->software;
  EXPECT_TRUE(banner.result->comments.ends_with("for the test")) << banner.result->comments;
}

TEST(Ssh, ARealServerShowsItsHostKeyAndWhatItOffers) {
  const Sshd server{{"ed25519", "ecdsa"}};
  const struct {
    const char* type;
    const char* key;
  } rows[] = {{"ssh-ed25519", "ed25519"}, {"ecdsa-sha2-nistp256", "ecdsa"}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.type);
    const auto banner = server.ask({MeasurementId{7}, row.type});
    EXPECT_TRUE(banner.host_key) << banner.key_failure.value_or(SshKeyFailure{}).reason;
    EXPECT_FALSE(banner.key_failure);
    if (!banner.host_key) continue;
    EXPECT_EQ(banner.host_key->type, row.type);
    EXPECT_THAT(server.listed(row.key), testing::StartsWith(std::to_string(banner.host_key->bits) + " " +
                                                            banner.host_key->fingerprint));
    ASSERT_TRUE(banner.offer);
    EXPECT_THAT(banner.offer->host_key, testing::UnorderedElementsAre("ssh-ed25519", "ecdsa-sha2-nistp256"));
    EXPECT_THAT(banner.offer->key_exchange, testing::Contains("curve25519-sha256"));
    EXPECT_THAT(banner.offer->ciphers_to_client, testing::Contains("aes256-ctr"));
    EXPECT_THAT(banner.offer->macs_to_server, testing::Contains("hmac-sha2-256"));
  }
  EXPECT_TRUE(server.ask().host_key) << "whichever both prefer";
}

TEST(Ssh, AnOldServersKeyIsReadToo) {
  const Sshd server{
      {"rsa"},
      "KexAlgorithms diffie-hellman-group1-sha1\nHostKeyAlgorithms ssh-rsa\nCiphers aes128-cbc\n"
      "MACs hmac-sha1\n"};
  const auto banner = server.ask();
  ASSERT_TRUE(banner.host_key) << banner.key_failure.value_or(SshKeyFailure{}).reason;
  EXPECT_EQ(banner.host_key->type, "ssh-rsa");
  EXPECT_THAT(server.listed("rsa"), testing::StartsWith(std::to_string(banner.host_key->bits) + " " +
                                                        banner.host_key->fingerprint));
  EXPECT_THAT(banner.offer.value_or(SshOffer{}).key_exchange,
              testing::Contains("diffie-hellman-group1-sha1"));
}

TEST(Ssh, WithoutAnAlgorithmInCommonBothOffersAreKept) {
  const Sshd server{
      {"ed25519"},
      "Ciphers chacha20-poly1305@openssh.com\nKexAlgorithms sntrup761x25519-sha512@openssh.com\n"};
  const auto banner = server.ask();
  ASSERT_TRUE(banner.result);
  EXPECT_FALSE(banner.host_key);
  ASSERT_TRUE(banner.key_failure);
  EXPECT_FALSE(banner.key_failure->transport);
  EXPECT_FALSE(banner.key_failure->reason.empty());
  ASSERT_TRUE(banner.key_failure->ours);
  EXPECT_THAT(banner.key_failure->ours->key_exchange, testing::Contains("curve25519-sha256"));
  ASSERT_TRUE(banner.offer);
  EXPECT_THAT(banner.offer->key_exchange, testing::Contains("sntrup761x25519-sha512@openssh.com"));
}

TEST(Ssh, ATypeOfKeyThatNobodyKnowsIsAFailure) {
  const Sshd server{{"ed25519"}};
  for (const auto* type : {"ssh-unheard-of", "ssh-dss"}) {
    SCOPED_TRACE(type);
    const auto banner = server.ask({MeasurementId{7}, type});
    EXPECT_FALSE(banner.host_key);
    EXPECT_TRUE(banner.key_failure);
  }
}

/// What a server does with the connection; it is closed when this returns.
using Script = std::function<void(tcp::socket&)>;

SshBanner banner_of(const Script& script, Clock::duration timeout = 10s) {
  tests::Listener listener;
  std::thread server{[&] {
    auto socket = listener.accept();
    script(socket);
  }};
  asio::io_context context;
  auto banner = [&] {
    tcp::socket socket{context};
    socket.connect(listener.endpoint());
    Connection connection{std::move(socket)};
    return tests::run(context, read_banner(question, connection, timeout));
  }();
  server.join();
  return banner;
}

/// Says this once the client has said its own line, and keeps the connection until the client ends it.
Script says(std::string text) {
  return [text](tcp::socket& socket) {
    asio::streambuf heard;
    asio::read_until(socket, heard, '\n');
    std::error_code error;
    asio::write(socket, asio::buffer(text), error);
    char byte = 0;
    asio::read(socket, asio::buffer(&byte, 1), error);
  };
}

TEST(Ssh, ReadsWhatTheStandardAllows) {
  const std::string longest = "SSH-2.0-" + std::string(255 - 8 - 2, 'v');
  const struct {
    const char* name;
    std::string text;
    SshIdentification expected;
  } cases[] = {
      {"CR LF", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", {"2.0", "OpenSSH_9.2p1", "Debian-2"}},
      {"LF alone", "SSH-2.0-dropbear\n", {"2.0", "dropbear", ""}},
      {"an old server that speaks both versions", "SSH-1.99-Cisco-1.25\r\n", {"1.99", "Cisco-1.25", ""}},
      {"comments with spaces", "SSH-2.0-x a b  c\r\n", {"2.0", "x", "a b  c"}},
      {"lines before it", "Welcome.\r\n\r\nSSH is here:\nSSH-2.0-x\r\n", {"2.0", "x", ""}},
      {"almost 8 KiB before it", std::string(8190, '-') + "\r\nSSH-2.0-x\r\n", {"2.0", "x", ""}},
      {"the longest line", longest + "\r\n", {"2.0", longest.substr(8), ""}},
      {"no software, as some hide it", "SSH-2.0-\r\n", {"2.0", "", ""}},
      {"binary data behind it", std::string{"SSH-2.0-x\r\n\0\0\1", 14}, {"2.0", "x", ""}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto banner = banner_of(says(c.text));
    EXPECT_TRUE(banner.result) << banner.result.error().first_bytes;
    if (!banner.result) continue;
    EXPECT_EQ(banner.result->protocol, c.expected.protocol);
    EXPECT_EQ(banner.result->software, c.expected.software);
    EXPECT_EQ(banner.result->comments, c.expected.comments);
  }
}

TEST(Ssh, WhatIsNotSshIsKeptAndToldAtOnce) {
  const std::string alert{"\x15\x03\x01\x00\x02\x02\x46", 7};
  const struct {
    const char* name;
    std::string text;
  } cases[] = {
      {"a TLS alert", alert},
      {"more than 8 KiB of other lines", std::string(9000, '\n')},
      {"more than 8 KiB without a line's end", std::string(9000, '.')},
      {"a line that is too long", "SSH-2.0-" + std::string(300, 'v')},
      {"a line that is too long, with its end", "SSH-2.0-" + std::string(246, 'v') + "\r\n"},
      {"a version line without a software version", "SSH-2.0\r\n"},
      {"a version line without a version", "SSH--x\r\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto banner = banner_of(says(c.text));
    EXPECT_FALSE(banner.result);
    if (banner.result) continue;
    EXPECT_FALSE(banner.result.error().transport) << "not waited for";
    EXPECT_FALSE(banner.result.error().first_bytes.empty());
    EXPECT_LE(banner.result.error().first_bytes.size(), 256U);
    EXPECT_TRUE(c.text.starts_with(banner.result.error().first_bytes));
  }
}

TEST(Ssh, AnEndWithoutAnIdentificationIsATransportFailure) {
  const auto read_a_line = [](tcp::socket& socket) {
    asio::streambuf heard;
    asio::read_until(socket, heard, '\n');
  };
  const std::string http = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
  const struct {
    const char* name;
    Script script;
    std::error_code error;
    std::string first_bytes;
  } cases[] = {
      {"closed in silence", read_a_line, asio::error::eof, ""},
      {"reset in silence",
       [&](tcp::socket& s) {
         read_a_line(s);
         tests::reset(std::move(s));
       },
       asio::error::connection_reset, ""},
      {"an HTTP server",
       [&](tcp::socket& s) {
         read_a_line(s);
         asio::write(s, asio::buffer(http));
       },
       asio::error::eof, http},
      {"a line that is cut",
       [&](tcp::socket& s) {
         read_a_line(s);
         asio::write(s, asio::buffer("SSH-2.0-x", 9));
       },
       asio::error::eof, "SSH-2.0-x"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto banner = banner_of(c.script);
    EXPECT_FALSE(banner.result);
    if (banner.result) continue;
    ASSERT_TRUE(banner.result.error().transport);
    EXPECT_EQ(banner.result.error().transport->error, c.error)
        << banner.result.error().transport->error.message();
    EXPECT_EQ(banner.result.error().first_bytes, c.first_bytes);
  }
}

TEST(Ssh, SilenceEndsAtTheDeadline) {
  const auto banner = banner_of(says(""), 200ms);
  ASSERT_FALSE(banner.result);
  ASSERT_TRUE(banner.result.error().transport);
  EXPECT_TRUE(timed_out(*banner.result.error().transport));
}

TEST(Ssh, AServerThatSpeaksAndClosesBeforeWeDoIsHeard) {
  const auto banner = banner_of([](tcp::socket& socket) {
    asio::write(socket, asio::buffer(std::string_view{"SSH-2.0-x\r\n"}));
    socket.shutdown(tcp::socket::shutdown_send);
    char byte = 0;
    std::error_code error;
    while (!error) asio::read(socket, asio::buffer(&byte, 1), error);
  });
  ASSERT_TRUE(banner.result);
  EXPECT_EQ(banner.result->software, "x");
}

/// A packet of the key exchange (RFC 4253 §6) whose payload is this.
std::string packet(const std::string& payload) {
  const auto length = payload.size() + 5;
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(length >> shift & 0xff);
  return bytes + '\4' + payload + std::string(4, '\0');
}

TEST(Ssh, AnIdentificationWithoutAKeyExchangeIsKept) {
  const std::string id = "SSH-2.0-x\r\n";
  const struct {
    const char* name;
    Script script;
    std::string reason;
    std::error_code error;
  } cases[] = {
      {"an absurd length", says(id + std::string{"\xff\xff\xff\xff", 4}), "its length is 4294967295", {}},
      {"no SSH behind the line", says(id + "HTTP/1.1 400 Bad Request\r\n"), "no SSH packet", {}},
      {"a list longer than its packet",
       says(id + packet("\x14" + std::string(16, 'c') + std::string{"\x7f\xff\xff\xff", 4})),
       "longer than its packet",
       {}},
      {"another message first", says(id + packet("\x15")), "message 21", {}},
      {"it disconnects with its reason",
       says(id + packet(std::string{"\1\0\0\0\2\0\0\0\4busy\0\0\0\0", 17})),
       "(2): busy",
       {}},
      {"closed behind the line",
       [&](tcp::socket& s) {
         asio::streambuf heard;
         asio::read_until(s, heard, '\n');
         asio::write(s, asio::buffer(id));
         s.shutdown(tcp::socket::shutdown_send);
         std::error_code error;
         char byte = 0;
         while (!error) asio::read(s, asio::buffer(&byte, 1), error);
       },
       "", asio::error::eof},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto banner = banner_of(c.script);
    EXPECT_TRUE(banner.result);
    EXPECT_FALSE(banner.offer);
    EXPECT_FALSE(banner.host_key);
    ASSERT_TRUE(banner.key_failure);
    EXPECT_THAT(banner.key_failure->reason, testing::HasSubstr(c.reason));
    EXPECT_EQ(banner.key_failure->transport.value_or(TransportFailure{}).error, c.error);
  }
}

TEST(Ssh, AnEndlessOfferIsNotReadForever) {
  const auto banner = banner_of([](tcp::socket& socket) {
    std::error_code error;
    asio::write(socket, asio::buffer(std::string_view{"SSH-2.0-x\r\n"}), error);
    const auto noise = packet('\2' + std::string(32'000, 'x'));  // SSH_MSG_IGNORE, RFC 4253 §11.2
    while (!error) asio::write(socket, asio::buffer(noise), error);
  });
  ASSERT_TRUE(banner.key_failure);
  EXPECT_THAT(banner.key_failure->reason, testing::HasSubstr("64 KiB"));
}

TEST(Ssh, SilenceBehindTheIdentificationEndsAtTheDeadline) {
  const auto banner = banner_of(
      [](tcp::socket& socket) {
        std::error_code error;
        asio::write(socket, asio::buffer(std::string_view{"SSH-2.0-x\r\n"}), error);
        char byte = 0;
        while (!error) asio::read(socket, asio::buffer(&byte, 1), error);
      },
      300ms);
  ASSERT_TRUE(banner.result);
  ASSERT_TRUE(banner.key_failure);
  ASSERT_TRUE(banner.key_failure->transport);
  EXPECT_TRUE(timed_out(*banner.key_failure->transport));
  EXPECT_TRUE(banner.key_failure->ours) << "it had ours";
}

TEST(Ssh, AServerOfProtocolOneIsAskedForNoKey) {
  const auto banner = banner_of(says("SSH-1.5-old\r\n"));
  ASSERT_TRUE(banner.result);
  EXPECT_FALSE(banner.host_key);
  EXPECT_FALSE(banner.key_failure);
}

}  // namespace
}  // namespace fwprobe::probe
