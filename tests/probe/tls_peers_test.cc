// Peers that are no TLS servers, or stop being one.

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <asio/read.hpp>
#include <asio/ssl.hpp>
#include <asio/write.hpp>
#include <gtest/gtest.h>

#include "tests/support/handshakes.h"
#include "tests/support/tls_server.h"

namespace fwprobe::probe {
namespace {

using namespace fwprobe::tests;
using namespace std::string_literals;
using asio::ip::tcp;

/// What a peer does with the connection; it is closed when this returns.
using Script = std::function<void(tcp::socket)>;

void hear_client_hello(tcp::socket& socket) {
  std::array<unsigned char, 5> header{};
  asio::read(socket, asio::buffer(header));
  std::vector<char> rest(static_cast<std::size_t>(header[3] << 8 | header[4]));
  asio::read(socket, asio::buffer(rest));
}

/// Until the client ends the connection.
void wait_for_end(tcp::socket& socket) {
  std::array<char, 512> ignored;
  std::error_code error;
  while (!error) socket.read_some(asio::buffer(ignored), error);
}

Script answers(std::string bytes) {
  return [bytes](tcp::socket socket) {
    hear_client_hello(socket);
    asio::write(socket, asio::buffer(bytes));
    wait_for_end(socket);
  };
}
Script greets(std::string bytes) {
  return [bytes](tcp::socket socket) {
    asio::write(socket, asio::buffer(bytes));
    wait_for_end(socket);
  };
}
Script closes_after(std::string bytes) {
  return [bytes](tcp::socket socket) {
    hear_client_hello(socket);
    asio::write(socket, asio::buffer(bytes));
  };
}
void resets(tcp::socket socket) {
  hear_client_hello(socket);
  reset(std::move(socket));
}
/// A record of 16 KiB that never ends.
void drips(tcp::socket socket) {
  hear_client_hello(socket);
  asio::write(socket, asio::buffer("\x16\x03\x03\x40\x00"s));
  std::error_code error;
  asio::steady_timer pause{socket.get_executor()};
  while (!error) {
    asio::write(socket, asio::buffer("\x02"s), error);
    pause.expires_after(5ms);
    pause.wait();
  }
}
/// Passes the handshake on to a real server, and `count` bytes of its answer back.
Script stops_answer_after(tcp::endpoint server, std::size_t count) {
  return [server, count](tcp::socket socket) {
    std::array<char, 4096> hello;
    const auto length = socket.read_some(asio::buffer(hello));
    asio::io_context context;
    tcp::socket onward{context};
    onward.connect(server);
    asio::write(onward, asio::buffer(hello, length));
    std::vector<char> answer(count);
    asio::read(onward, asio::buffer(answer));
    asio::write(socket, asio::buffer(answer));
    wait_for_end(socket);
  };
}

TlsHandshake met(const Script& script, Clock::duration timeout = 10s, const TlsQuestion& ask = question()) {
  Listener listener;
  std::thread peer{[&] { script(listener.accept()); }};
  auto fact = fact_of(listener.endpoint(), ask, timeout);
  peer.join();
  return fact;
}

struct Row {
  const char* name;
  Script peer;
  std::string expected;
  Clock::duration timeout = 10s;
};

TEST(TlsPeers, AreToldApart) {
  const std::string long_text = "HTTP/1.1 400 Bad Request\r\n" + std::string(500, 'x');
  const Row rows[] = {
      {"plain HTTP answers in clear text, of which 64 bytes are kept", answers(long_text),
       " (wrong version number), heard " + long_text.substr(0, 64)},
      {"an SSH server greets", greets("SSH-2.0-OpenSSH_9.2p1\r\n"),
       " (wrong version number), heard SSH-2.0-OpenSSH_9.2p1\r\n"},
      {"an SMTP server greets", greets("220 mail.test ESMTP\r\n"),
       " (wrong version number), heard 220 mail.test ESMTP\r\n"},
      {"less than a record's header and then the end", closes_after("no\n"), "closed, heard no\n"},
      {"less than a record's header and then silence", answers("no\n"), "deadline, heard no\n", 1s},
      {"a peer that says nothing", answers(""), "deadline, no answer", 1s},
      {"a FIN in place of a ServerHello", closes_after(""), "closed, no answer"},
      {"a RST in place of a ServerHello", resets, "reset, no answer"},
      {"zero bytes", answers(std::string(100, '\0')),
       " (wrong version number), heard " + std::string(64, '\0')},
      {"bytes that a record begins with, and then none of its kind",
       answers("\x16\x03\x03" + std::string(20, '\xff')), " sent record_overflow (packet length too long)"},
      {"slow bytes do not move the deadline", drips, "deadline", 1s},
      {"a fatal alert", answers("\x15\x03\x03\x00\x02\x02\x50"s), "received internal_error"},
      {"a warning alert is no reason, the end that follows is", closes_after("\x15\x03\x03\x00\x02\x01\x70"s),
       "closed"},
      {"an alert without a name", answers("\x15\x03\x03\x00\x02\x02\xc8"s), "received alert_200"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(in_words(met(row.peer, row.timeout)), row.expected);
  }
}

TEST(TlsPeers, AHandshakeThatStallsAfterTheServerHello) {
  const TlsServer server{{.leaf = leaf(), .chain = {authorities().intermediate}}};
  ASSERT_TRUE(server.listening()) << server.log();
  // The ServerHello is a record of its own, of at least 90 bytes (RFC 8446 §4.1.3), the encrypted rest has
  // some 1000.
  EXPECT_EQ(in_words(met(stops_answer_after(server.endpoint(), 300), 1s)), "deadline, after ServerHello");
  EXPECT_EQ(in_words(met(stops_answer_after(server.endpoint(), 50), 1s)), "deadline");
}

TEST(TlsPeers, BytesThatWereReadTooEarlyAreNoServerHello) {
  Listener listener;
  asio::io_context context;
  tcp::socket socket{context};
  socket.connect(listener.endpoint());
  Connection connection{std::move(socket)};
  connection.unread("220 mail.test ESMTP\r\n");
  auto loaded = contexts();
  const auto got = run(context, handshake(question(), std::move(connection), loaded, 10s));
  EXPECT_EQ(in_words(got.fact), " (the peer spoke before the ClientHello), heard 220 mail.test ESMTP\r\n");
  EXPECT_FALSE(got.connection);
}

TEST(TlsPeers, ATlsConnectionTakesNoSecondHandshake) {
  asio::io_context context;
  auto loaded = contexts();
  Connection connection{TlsStream{tcp::socket{context}, loaded.context(TlsPolicy::standard)}};
  const auto got = run(context, handshake(question(), std::move(connection), loaded, 10s));
  EXPECT_EQ(in_words(got.fact), " (the connection carries TLS already), no answer");
}

/// Asks for a client certificate, does without, and speaks first.
void speak_first_over_tls(tcp::socket socket, const Identity& identity, const std::string& chain) {
  asio::ssl::context context{asio::ssl::context::tls_server};
  context.use_certificate_chain(asio::buffer(identity.certificate_pem() + chain));
  context.use_private_key(asio::buffer(identity.key_pem()), asio::ssl::context::pem);
  context.set_verify_mode(asio::ssl::verify_peer);
  asio::ssl::stream<tcp::socket> stream{std::move(socket), context};
  std::error_code error;
  stream.handshake(asio::ssl::stream_base::server, error);
  asio::write(stream, asio::buffer("220 mail.test ESMTP\r\n"s), error);
  wait_for_end(stream.next_layer());
}

TEST(TlsPeers, WhatIsSaidWhileWeWaitForTheVerdictIsNotLost) {
  Listener listener;
  std::thread peer{
      [&] { speak_first_over_tls(listener.accept(), leaf(), authorities().intermediate.certificate_pem()); }};
  {
    asio::io_context context;
    auto loaded = contexts();
    auto got = shake(context, loaded, listener.endpoint(), question());
    EXPECT_EQ(in_words(got.fact), "TLSv1.3");
    EXPECT_TRUE(got.fact.client_certificate_requested);
    if (got.connection) {
      std::string greeting(21, '\0');
      const auto count = run(context, got.connection->read_some(greeting, Clock::now() + 10s));
      EXPECT_EQ(count.value_or(0), greeting.size());
      EXPECT_EQ(greeting, "220 mail.test ESMTP\r\n");
    } else {
      ADD_FAILURE() << "the connection should be handed on";
    }
  }
  peer.join();
}

}  // namespace
}  // namespace fwprobe::probe
