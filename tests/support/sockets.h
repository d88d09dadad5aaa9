#pragma once
// Sockets of our own for tests: listeners on loopback with ports that the kernel chose, and a coroutine's
// result.

#include <cerrno>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace fwprobe::tests {

/// The result of `operation`, run to its end on `context`. What it throws is thrown here.
template <typename T>
T run(asio::io_context& context, asio::awaitable<T> operation) {
  std::optional<T> result;
  std::exception_ptr thrown;
  asio::co_spawn(context, std::move(operation), [&](std::exception_ptr error, T value) {
    thrown = error;
    if (!error) result.emplace(std::move(value));
  });
  context.restart();
  context.run();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

inline asio::ip::address loopback(int family) {
  if (family == AF_INET6) return asio::ip::address_v6::loopback();
  return asio::ip::address_v4::loopback();
}

inline bool has_ipv6_loopback() {
  asio::io_context context;
  asio::ip::tcp::socket socket{context};
  std::error_code error;
  socket.open(asio::ip::tcp::v6(), error);
  if (!error) socket.bind({asio::ip::address_v6::loopback(), 0}, error);
  return !error;
}

/// A listening socket on loopback; accepted connections are blocking sockets.
class Listener {
 public:
  explicit Listener(int family = AF_INET, int backlog = 16) : acceptor_{context_} {
    const asio::ip::tcp::endpoint any_port{loopback(family), 0};
    acceptor_.open(any_port.protocol());
    acceptor_.bind(any_port);
    acceptor_.listen(backlog);
  }
  asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  asio::ip::tcp::socket accept() { return acceptor_.accept(); }
  /// Without waiting; nothing when no connection is there.
  std::optional<asio::ip::tcp::socket> try_accept() {
    acceptor_.non_blocking(true);
    std::error_code error;
    auto socket = acceptor_.accept(error);
    if (error) return std::nullopt;
    socket.non_blocking(false);
    return socket;
  }
  void close() { acceptor_.close(); }

 private:
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_;
};

/// A port that stays closed as long as this lives: bound, and never listened on.
class ClosedPort {
 public:
  explicit ClosedPort(int family = AF_INET) : socket_{context_} {
    const asio::ip::tcp::endpoint any_port{loopback(family), 0};
    socket_.open(any_port.protocol());
    socket_.bind(any_port);
  }
  asio::ip::tcp::endpoint endpoint() const { return socket_.local_endpoint(); }

 private:
  asio::io_context context_;
  asio::ip::tcp::socket socket_;
};

/// A port that answers no SYN: a listener whose queue is full, listen(2).
class SilentListener {
 public:
  explicit SilentListener(int family = AF_INET) : listener_{family, 0} {
    const auto remote = listener_.endpoint();
    for (int i = 0; i < 4; ++i) {
      auto& filler = fillers_.emplace_back(context_, remote.protocol());
      filler.native_non_blocking(true);
      // Not the socket's own connect(), which waits all the same.
      if (::connect(filler.native_handle(), remote.data(), static_cast<socklen_t>(remote.size())) != 0) {
        EXPECT_EQ(errno, EINPROGRESS);
      }
    }
  }
  asio::ip::tcp::endpoint endpoint() const { return listener_.endpoint(); }

 private:
  asio::io_context context_;
  Listener listener_;
  std::vector<asio::ip::tcp::socket> fillers_;
};

/// Ends a connection with RST, socket(7) SO_LINGER.
inline void reset(asio::ip::tcp::socket socket) {
  socket.set_option(asio::socket_base::linger{true, 0});
  socket.close();
}

}  // namespace fwprobe::tests
