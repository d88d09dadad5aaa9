#pragma once
// A byte stream that one measurement opens and the next one continues: TCP, or TLS over it.

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/stream.hpp>

#include "probe/clock.h"
#include "probe/failure.h"

namespace fwprobe::probe {

using TcpStream = asio::ip::tcp::socket;
using TlsStream = asio::ssl::stream<asio::ip::tcp::socket>;

/// An open connection and the bytes that were read from it too early (behind a CONNECT answer, for example).
class Connection {
 public:
  explicit Connection(TcpStream stream) : stream_{std::move(stream)} {}
  explicit Connection(TlsStream stream) : stream_{std::move(stream)} {}

  /// At least one byte into `buffer`; eof, a reset or the deadline are failures.
  asio::awaitable<std::expected<std::size_t, TransportFailure>> read_some(std::span<char> buffer,
                                                                          Clock::time_point deadline);
  /// All of `bytes`.
  asio::awaitable<std::expected<void, TransportFailure>> write(std::string_view bytes,
                                                               Clock::time_point deadline);
  /// Gives bytes back, to be read again first.
  void unread(std::string_view bytes) { pending_.insert(0, bytes); }
  bool has_pending() const { return !pending_.empty(); }
  /// Whether TLS has ended without close_notify (RFC 8446 §6.1), which read_some() tells as eof.
  bool without_close_notify() const { return without_close_notify_; }

  asio::ip::tcp::socket& socket();
  bool is_tls() const { return std::holds_alternative<TlsStream>(stream_); }
  /// The plain stream, to put TLS on it. Only when !is_tls().
  TcpStream take_tcp() && { return std::get<TcpStream>(std::move(stream_)); }

 private:
  std::variant<TcpStream, TlsStream> stream_;
  std::string pending_;
  bool without_close_notify_ = false;
};

}  // namespace fwprobe::probe
