#include "probe/ssh.h"

#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>
#include <gtest/gtest.h>

#include "tests/support/servers.h"
#include "tests/support/sockets.h"

namespace fwprobe::probe {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;

constexpr SshQuestion question{MeasurementId{7}};

TEST(Ssh, ARealServerIdentifiesItself) {
  const tests::TempFolder folder;
  const tcp::endpoint endpoint{tests::own_loopback(), tests::free_port(tests::own_loopback())};
  tests::Process keygen{folder, {"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "host_key"}};
  ASSERT_TRUE(keygen.succeeded()) << keygen.log();
  folder.write("sshd_config", "ListenAddress " + endpoint.address().to_string() + "\nPort " +
                                  std::to_string(endpoint.port()) + "\nHostKey " + folder.path("host_key") +
                                  "\nPidFile none\nUsePAM no\nVersionAddendum for the test\n");
  tests::Process sshd{folder, {"/usr/sbin/sshd", "-D", "-e", "-f", folder.path("sshd_config")}};
  ASSERT_TRUE(tests::listens(sshd, endpoint)) << sshd.log();

  asio::io_context context;
  tcp::socket socket{context};
  socket.connect(endpoint);
  Connection connection{std::move(socket)};
  const auto banner = tests::run(context, read_banner(question, connection, 10s));
  EXPECT_EQ(banner.question, question);
  ASSERT_TRUE(banner.result) << banner.result.error().first_bytes;
  EXPECT_EQ(banner.result->protocol, "2.0");
  EXPECT_TRUE(banner.result->software.starts_with("OpenSSH_")) << banner.result->software;
  EXPECT_TRUE(banner.result->comments.ends_with("for the test")) << banner.result->comments;

  // It took ours for one, else it would have closed: now it offers its algorithms (RFC 4253 §7.1,
  // SSH_MSG_KEXINIT).
  std::string packet(6, '\0');
  const auto count = tests::run(context, connection.read_some(packet, Clock::now() + 10s));
  ASSERT_TRUE(count);
  ASSERT_EQ(*count, packet.size());
  EXPECT_EQ(packet[5], 20);
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

}  // namespace
}  // namespace fwprobe::probe
