#include "probe/http_body.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <asio/experimental/awaitable_operators.hpp>

#include "probe/deadline.h"
#include "probe/tcp_progress.h"

namespace fwprobe::probe {
namespace {

using Progress = HttpParser::Progress;

/// One TLS record (RFC 8446 §5.1).
constexpr std::size_t chunk = 16UL * 1024;
/// How often the kernel is asked how far the body has come.
constexpr std::chrono::milliseconds look_every{20};

class Upload {
 public:
  Upload(Connection& connection, HttpParser& parser, HttpReader& reader, std::uint64_t size,
         UploadLimits limits)
      : connection_{connection}, parser_{parser}, reader_{reader}, size_{size}, limits_{limits} {}

  awaitable<UploadEnd> run() {
    using namespace asio::experimental::awaitable_operators;
    const auto began = Clock::now();
    moved_ = began;
    co_await ((listen(began) && send()) || watch());
    // What reads is cancelled then, and says so; what ended it is that nothing moved.
    if (gave_up_ && reader_.progress == Progress::more)
      reader_.transport = TransportFailure{asio::error::timed_out, std::nullopt};
    co_return UploadEnd{sent_, Clock::now() - moved_};
  }

 private:
  awaitable<void> listen(Clock::time_point began) {
    co_await reader_.read(began, limits_.until);
    listened_ = true;
  }

  awaitable<void> send() {
    static constexpr std::array<char, chunk> zeros{};
    while (sent_ < size_ && !is_in_vain()) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, size_ - sent_));
      const std::string_view bytes{zeros.data(), count};
      const auto written = co_await connection_.write(bytes, limits_.until);
      if (!written) break;
      sent_ += count;
    }
    is_sending_ = false;
  }

  /// Ends the upload when nothing moves any more, or when nobody reads it.
  awaitable<void> watch() {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    auto acknowledged = moved_bytes();
    auto received = reader_.received;
    while (Clock::now() - moved_ < limits_.stall && Clock::now() < limits_.until) {
      if (listened_ && (is_in_vain() || !is_sending_)) co_return;
      timer.expires_after(look_every);
      auto [cancelled] = co_await timer.async_wait(as_result);
      if (cancelled) co_return;
      if (acknowledged == moved_bytes() && received == reader_.received) continue;
      acknowledged = moved_bytes();
      received = reader_.received;
      moved_ = Clock::now();
    }
    gave_up_ = !listened_;
  }

  /// The answer is there and ends the connection, or the connection has ended: the rest would be thrown away.
  bool is_in_vain() const {
    return listened_ && (reader_.progress != Progress::complete || !parser_.keeps_connection());
  }

  std::uint64_t moved_bytes() {
    const auto progress = tcp_progress(connection_.socket().native_handle());
    return progress ? progress->acknowledged : sent_;
  }

  Connection& connection_;
  HttpParser& parser_;
  HttpReader& reader_;
  const std::uint64_t size_;
  const UploadLimits limits_;
  std::uint64_t sent_ = 0;
  Clock::time_point moved_;
  bool listened_ = false;
  bool gave_up_ = false;
  bool is_sending_ = true;
};

}  // namespace

awaitable<UploadEnd> upload(Connection& connection, HttpParser& parser, HttpReader& reader,
                            std::uint64_t size, UploadLimits limits) {
  Upload one{connection, parser, reader, size, limits};
  co_return co_await one.run();
}

}  // namespace fwprobe::probe
