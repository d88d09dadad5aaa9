#include "probe/connection.h"

#include <algorithm>

#include <asio/buffer.hpp>
#include <asio/ssl/error.hpp>
#include <asio/write.hpp>

#include "probe/deadline.h"

namespace fwprobe::probe {
namespace {

struct Transferred {
  std::error_code error;
  std::size_t bytes = 0;
};

template <typename Stream>
asio::awaitable<Transferred> read_from(Stream& stream, std::span<char> buffer) {
  auto [error, bytes] =
      co_await stream.async_read_some(asio::buffer(buffer.data(), buffer.size()), as_result);
  co_return Transferred{error, bytes};
}

template <typename Stream>
asio::awaitable<Transferred> write_to(Stream& stream, std::string_view bytes) {
  auto [error, written] = co_await asio::async_write(stream, asio::buffer(bytes), as_result);
  co_return Transferred{error, written};
}

/// A TLS peer that closes without close_notify (RFC 8446 §6.1) ends the stream just as a FIN does; whether
/// the message was complete is for the protocol above to say.
std::error_code plain(std::error_code error) {
  if (error == asio::ssl::error::stream_truncated) return asio::error::eof;
  return error;
}

TransportFailure failure(const std::optional<Transferred>& outcome) {
  return {outcome ? plain(outcome->error) : std::error_code{asio::error::timed_out}, std::nullopt};
}

}  // namespace

asio::awaitable<std::expected<std::size_t, TransportFailure>> Connection::read_some(
    std::span<char> buffer, Clock::time_point deadline) {
  if (!pending_.empty()) {
    const auto count = std::min(buffer.size(), pending_.size());
    std::copy_n(pending_.begin(), count, buffer.begin());
    pending_.erase(0, count);
    co_return count;
  }
  std::optional<Transferred> outcome;
  if (auto* tls = std::get_if<TlsStream>(&stream_))
    outcome = co_await within(deadline, read_from(*tls, buffer));
  else
    outcome = co_await within(deadline, read_from(std::get<TcpStream>(stream_), buffer));
  without_close_notify_ = outcome && outcome->error == asio::ssl::error::stream_truncated;
  if (!outcome || outcome->error) co_return std::unexpected{failure(outcome)};
  co_return outcome->bytes;
}

asio::awaitable<std::expected<void, TransportFailure>> Connection::write(std::string_view bytes,
                                                                         Clock::time_point deadline) {
  std::optional<Transferred> outcome;
  if (auto* tls = std::get_if<TlsStream>(&stream_))
    outcome = co_await within(deadline, write_to(*tls, bytes));
  else
    outcome = co_await within(deadline, write_to(std::get<TcpStream>(stream_), bytes));
  if (!outcome || outcome->error) co_return std::unexpected{failure(outcome)};
  co_return std::expected<void, TransportFailure>{};
}

asio::ip::tcp::socket& Connection::socket() {
  if (auto* tls = std::get_if<TlsStream>(&stream_)) return tls->next_layer();
  return std::get<TcpStream>(stream_);
}

}  // namespace fwprobe::probe
