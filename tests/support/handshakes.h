#pragma once
// Handshakes of our own with the servers of a test, and what came of them in a line.

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "probe/tls.h"
#include "tests/support/authority.h"
#include "tests/support/servers.h"
#include "tests/support/sockets.h"

namespace fwprobe::tests {

using namespace std::chrono_literals;

/// One root that the tests trust, its intermediate, and a root that nobody trusts.
struct Authorities {
  Identity root = issue({.name = "Tests Root", .alternative_names = "", .authority = true});
  Identity intermediate =
      issue({.name = "Tests Intermediate", .alternative_names = "", .authority = true}, &root);
  Identity stranger = issue({.name = "Strange Root", .alternative_names = "", .authority = true});
  TempFolder folder;
  Authorities() { folder.write("root.pem", root.certificate_pem()); }
};

inline const Authorities& authorities() {
  static const Authorities made;
  return made;
}

inline Identity leaf(const CertificateWish& wish = {}) { return issue(wish, &authorities().intermediate); }
inline Identity leaf_by(const Identity& issuer, const CertificateWish& wish = {}) {
  return issue(wish, &issuer);
}

inline probe::Host name_host(std::string name) { return {std::move(name), std::nullopt}; }
inline probe::Host address_host(const std::string& text) { return {text, asio::ip::make_address(text)}; }

inline probe::TlsQuestion question(probe::Host host = name_host("server.test"),
                                   probe::TlsPolicy policy = probe::TlsPolicy::standard) {
  return {.connection = probe::MeasurementId{3},
          .server_name = host.address ? "" : host.name,
          .verify = std::move(host),
          .policy = policy,
          .alpn = {}};
}

inline probe::TlsCredentials trusting_the_root() {
  return {.ca_file = authorities().folder.path("root.pem"), .client_certificate = {}, .client_key = {}};
}

inline probe::TlsContexts contexts(const probe::TlsCredentials& credentials = trusting_the_root()) {
  auto loaded = probe::TlsContexts::load(credentials);
  if (!loaded) throw std::runtime_error{loaded.error()};
  return std::move(*loaded);
}

/// A handshake with whatever listens on `endpoint`.
inline probe::Handshaken shake(asio::io_context& context, probe::TlsContexts& with,
                               const asio::ip::tcp::endpoint& endpoint, const probe::TlsQuestion& ask,
                               probe::Clock::duration timeout = 10s) {
  asio::ip::tcp::socket socket{context};
  socket.connect(endpoint);
  return run(context, probe::handshake(ask, probe::Connection{std::move(socket)}, with, timeout));
}

inline probe::TlsHandshake fact_of(const asio::ip::tcp::endpoint& endpoint, const probe::TlsQuestion& ask,
                                   probe::Clock::duration timeout = 10s,
                                   const probe::TlsCredentials& credentials = trusting_the_root()) {
  asio::io_context context;
  auto loaded = contexts(credentials);
  return shake(context, loaded, endpoint, ask, timeout).fact;
}

inline std::string in_words(const probe::TransportFailure& failure) {
  if (timed_out(failure)) return "deadline";
  if (reset_by_peer(failure)) return "reset";
  return closed_by_peer(failure) ? "closed" : failure.error.message();
}

/// A handshake in a line: "TLSv1.3", "TLSv1.3 10@0" (error code at depth), "received handshake_failure", …
inline std::string in_words(const probe::TlsHandshake& handshake) {
  std::string words;
  if (handshake.result) {
    words = handshake.result->version;
  } else {
    const auto& failure = handshake.result.error();
    if (failure.received) words += "received " + failure.received->name;
    if (failure.sent) words += " sent " + failure.sent->name;
    if (failure.transport) words += in_words(*failure.transport);
    if (!failure.received && !failure.transport) words += " (" + failure.reason + ")";
    if (!failure.answered) words += ", no answer";
    if (failure.server_hello) words += ", after ServerHello";
    if (!failure.first_bytes.empty()) words += ", heard " + failure.first_bytes;
  }
  for (const auto& error : handshake.verify_errors) words += fmt::format(" {}@{}", error.code, error.depth);
  return words;
}

}  // namespace fwprobe::tests
