#pragma once
// The connections of the HTTP side below RESTinio: TCP, or TLS over it, with what RESTinio leaves open: a
// deadline for the handshake, and room for the next client when others hold connections and say nothing.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/steady_timer.hpp>
#include <restinio/tls_fwd.hpp>

#include "probe/clock.h"

namespace fwprobe::monitor {

struct WireLimits {
  std::size_t connections = 256;  ///< above it, the one that has been silent for longest is ended
  std::chrono::milliseconds handshake{10'000};
};

/// One connection.
struct Wire {
  explicit Wire(asio::io_context& io) : socket{io}, deadline{io} {}

  asio::ip::tcp::socket socket;
  std::shared_ptr<asio::ssl::context> context;  ///< used by `tls` until it ends
  std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls;
  asio::steady_timer deadline;
};

/// RESTinio's number of a connection, which each of its servers counts for itself, and the client.
using WireKey = std::pair<std::uint64_t, asio::ip::tcp::endpoint>;

/// All connections of an io_context's servers.
class Wires : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;
  explicit Wires(asio::execution_context& context) : service{context} {}

  /// None: plain HTTP. For connections that come from now on.
  void use(std::shared_ptr<asio::ssl::context> context, WireLimits limits);

  /// A connection was accepted; `ready` is called when requests can be read from it, or with why not.
  void begin(std::uint64_t number, const std::shared_ptr<Wire>& wire,
             std::function<void(std::error_code)> ready);
  /// A request of the connection is being answered.
  void busy(const WireKey& of);
  /// It was answered.
  void idle(const WireKey& of);
  /// How many there are.
  std::size_t count();
  /// Ends all of them; they are gone when count() says so.
  void end_all();

 private:
  struct Known {
    std::weak_ptr<Wire> wire;
    probe::Clock::time_point silent_since;
    bool busy = false;
  };

  void shutdown() override {}
  void make_room();

  std::shared_ptr<asio::ssl::context> context_;
  WireLimits limits_;
  std::map<WireKey, Known> known_;
};

/// A Wire as RESTinio wants its sockets: movable, and fit for a new connection after it was moved from.
class WireSocket {
 public:
  using executor_type = asio::io_context::executor_type;

  explicit WireSocket(asio::io_context& context) : context_{&context} {}
  WireSocket(WireSocket&&) noexcept = default;
  WireSocket& operator=(WireSocket&&) noexcept = default;
  ~WireSocket() = default;

  executor_type get_executor() { return context_->get_executor(); }
  asio::ip::tcp::socket& lowest_layer() { return wire()->socket; }
  bool is_open() const { return wire_ && wire_->socket.is_open(); }
  auto remote_endpoint() { return lowest_layer().remote_endpoint(); }
  void cancel(asio::error_code& error) { lowest_layer().cancel(error); }
  void shutdown(asio::socket_base::shutdown_type what, asio::error_code& error) {
    lowest_layer().shutdown(what, error);
  }
  void shutdown(asio::socket_base::shutdown_type what) { lowest_layer().shutdown(what); }
  void close() { lowest_layer().close(); }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (wire()->tls)
      wire_->tls->async_read_some(buffers, std::forward<Handler>(handler));
    else
      wire_->socket.async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (wire()->tls)
      wire_->tls->async_write_some(buffers, std::forward<Handler>(handler));
    else
      wire_->socket.async_write_some(buffers, std::forward<Handler>(handler));
  }

  const std::shared_ptr<Wire>& wire() {
    if (!wire_) wire_ = std::make_shared<Wire>(*context_);
    return wire_;
  }
  Wires& wires() { return asio::use_service<Wires>(*context_); }

 private:
  asio::io_context* context_;
  std::shared_ptr<Wire> wire_;
};

// Found by RESTinio through their argument, as its own for TLS are.

/// For listeners to connections' states, which we have none of.
inline restinio::impl::tls_socket_t* make_tls_socket_pointer_for_state_listener(WireSocket&) noexcept {
  return nullptr;
}

template <typename Connection, typename Start, typename Failed>
void prepare_connection_and_start_read(WireSocket& socket, Connection& connection, Start start,
                                       Failed failed) {
  socket.wires().begin(connection.connection_id(), socket.wire(),
                       [start, failed, self = connection.shared_from_this()](std::error_code error) mutable {
                         if (error)
                           failed(error);
                         else
                           start();
                       });
}

}  // namespace fwprobe::monitor
