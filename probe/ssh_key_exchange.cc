#include "probe/ssh_key_exchange.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include <libssh2.h>

namespace fwprobe::probe {
namespace {

constexpr std::size_t most_before_offer = 64UL * 1024;  // an offer and its like are a few KiB
constexpr std::size_t most_received = 256UL * 1024;
constexpr std::chrono::milliseconds goodbye{200};  // a peer that takes no more bytes is not waited for

struct SessionDeleter {
  void operator()(LIBSSH2_SESSION* session) const { libssh2_session_free(session); }
};

/// A session of libssh2 that reads from and writes to memory, so that the connection, its deadline and its
/// proxy stay ours.
class Session {
 public:
  Session() : session_{libssh2_session_init_ex(nullptr, nullptr, nullptr, this)} {
    if (!session_) return;
    libssh2_session_set_blocking(session_.get(), 0);
    // The library's type for every callback is void*.
    libssh2_session_callback_set(session_.get(), LIBSSH2_CALLBACK_RECV, reinterpret_cast<void*>(&take));
    libssh2_session_callback_set(session_.get(), LIBSSH2_CALLBACK_SEND, reinterpret_cast<void*>(&give));
  }
  ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  LIBSSH2_SESSION* get() const { return session_.get(); }
  void received(std::string_view bytes) { incoming_.append(bytes); }
  std::string take_outgoing() { return std::exchange(outgoing_, {}); }

  std::string last_error() const {
    char* text = nullptr;
    int length = 0;
    libssh2_session_last_error(session_.get(), &text, &length, 0);
    return text ? std::string{text, static_cast<std::size_t>(length)} : std::string{};
  }

  std::optional<SshHostKey> host_key() const {
    std::size_t length = 0;
    int type = 0;
    const auto* blob = libssh2_session_hostkey(session_.get(), &length, &type);
    return blob ? read_host_key({blob, length}) : std::nullopt;
  }

 private:
  static ssize_t take(libssh2_socket_t, void* buffer, std::size_t length, int, void** abstract) {
    auto& incoming = static_cast<Session*>(*abstract)->incoming_;
    if (incoming.empty()) return -EAGAIN;
    const auto count = std::min(length, incoming.size());
    std::memcpy(buffer, incoming.data(), count);
    incoming.erase(0, count);
    return static_cast<ssize_t>(count);
  }
  static ssize_t give(libssh2_socket_t, const void* buffer, std::size_t length, int, void** abstract) {
    static_cast<Session*>(*abstract)->outgoing_.append(static_cast<const char*>(buffer), length);
    return static_cast<ssize_t>(length);
  }

  std::string incoming_, outgoing_;
  std::unique_ptr<LIBSSH2_SESSION, SessionDeleter> session_;
};

/// The algorithms that prove a key of this type (RFC 8332 §3 for RSA).
std::string algorithms_for(const std::string& host_key_type) {
  return host_key_type == "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256,ssh-rsa" : host_key_type;
}

SshKeyFailure because(std::string reason) { return {{}, std::move(reason), {}}; }

}  // namespace

asio::awaitable<SshKeyExchange> exchange_keys(Connection& connection, SshIdentities identities,
                                              std::string host_key_type, Clock::time_point deadline) {
  SshKeyExchange exchange;
  Session session;
  const auto fail = [&](SshKeyFailure failure) {
    exchange.failure = std::move(failure);
    return std::move(exchange);
  };
  if (!session.get()) co_return fail(because("no memory for a session of libssh2"));
  libssh2_session_banner_set(session.get(), identities.own.c_str());
  session.received(identities.peer + "\n");
  if (!host_key_type.empty() && libssh2_session_method_pref(session.get(), LIBSSH2_METHOD_HOSTKEY,
                                                            algorithms_for(host_key_type).c_str()) != 0)
    co_return fail(because("libssh2 knows no host key of type " + host_key_type));

  // The library says its identification again, which the peer has had: not sent twice.
  std::size_t said_before = identities.own.size() + 2;
  std::optional<SshOffer> ours;
  std::optional<TransportFailure> not_sent;
  std::string before_offer;
  std::size_t received = 0;
  std::array<char, 4096> buffer;
  for (;;) {
    // It takes a socket to set it non-blocking, which it is, and nothing else: the callbacks carry the bytes.
    const int status = libssh2_session_handshake(session.get(), connection.socket().native_handle());
    auto outgoing = session.take_outgoing();
    const auto skipped = std::min(said_before, outgoing.size());
    said_before -= skipped;
    outgoing.erase(0, skipped);
    if (!ours && !outgoing.empty()) {
      auto offered = read_offer(outgoing);
      if (offered) ours = std::move(*offered);
    }
    if (!outgoing.empty() && !not_sent) {
      // What the peer said before it closed counts, so that it is read all the same.
      const auto sent = co_await connection.write(outgoing, deadline);
      if (!sent) not_sent = sent.error();
    }
    if (status == 0) break;
    if (status != LIBSSH2_ERROR_EAGAIN) co_return fail({{}, session.last_error(), std::move(ours)});

    const auto count = co_await connection.read_some(buffer, deadline);
    if (!count) co_return fail({not_sent.value_or(count.error()), {}, std::move(ours)});
    received += *count;
    if (received > most_received) co_return fail({{}, "more than 256 KiB came", std::move(ours)});
    session.received({buffer.data(), *count});
    if (exchange.offer) continue;
    before_offer.append(buffer.data(), *count);
    auto offer = read_offer(before_offer);
    if (!offer) co_return fail({{}, std::move(offer.error()), std::move(ours)});
    exchange.offer = std::move(*offer);
    if (!exchange.offer && before_offer.size() > most_before_offer)
      co_return fail({{}, "64 KiB came without an offer of algorithms", std::move(ours)});
  }

  exchange.host_key = session.host_key();
  if (!exchange.host_key) co_return fail({{}, "the host key cannot be read", std::move(ours)});
  libssh2_session_disconnect(session.get(), "seen what was asked for");
  const auto last_words = session.take_outgoing();
  const auto until = std::min<Clock::time_point>(deadline, Clock::now() + goodbye);
  // The key was seen; who does not hear the goodbye sees the end of the connection.
  [[maybe_unused]] const auto heard = co_await connection.write(last_words, until);
  co_return exchange;
}

}  // namespace fwprobe::probe
