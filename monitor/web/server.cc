#include "monitor/web/server.h"

#include <algorithm>
#include <list>
#include <tuple>
#include <utility>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <restinio/all.hpp>

#include "monitor/web/server_tls.h"
#include "probe/deadline.h"
#include "reports/value_text.h"

namespace fwprobe::monitor {
namespace {

using asio::ip::tcp;
using probe::as_result;

using Handler = std::function<restinio::request_handling_status_t(restinio::request_handle_t)>;

struct Traits : restinio::traits_t<restinio::asio_timer_manager_t, restinio::null_logger_t, Handler,
                                   restinio::noop_strand_t, WireSocket> {
  static constexpr bool use_connection_count_limiter = true;
};
using HttpServer = restinio::http_server_t<Traits>;

/// What read_request() refuses with words is read; what is much larger is not read at all.
restinio::incoming_http_msg_limits_t message_limits() {
  restinio::incoming_http_msg_limits_t limits;
  limits.max_url_size(2 * longest_request_target)
      .max_field_name_size(longest_request_header)
      .max_field_value_size(2 * longest_request_header)
      .max_field_count(100)
      .max_body_size(64 * 1024);
  return limits;
}

std::expected<Request, Answer> read(const restinio::request_t& request) {
  std::vector<Field> fields;
  request.header().for_each_field(
      [&fields](const auto& field) { fields.push_back({field.name(), field.value()}); });
  return read_request(request.header().method().c_str(), request.header().request_target(), std::move(fields),
                      request.body().size());
}

WireKey key_of(const restinio::request_t& request) {
  return {request.connection_id(), request.remote_endpoint()};
}

/// The head of a response is the same for HEAD, with the length that GET would have (RFC 9110 §8.6).
template <typename Builder>
void write_head(Builder& builder, const Answer& answer) {
  builder.append_header_date_field();
  builder.append_header("Content-Type", answer.type);
  for (const auto& [name, value] : answer.fields) builder.append_header(name, value);
  // Of what was refused while it was read, more may follow.
  if (answer.status == 400 || answer.status == 413 || answer.status == 414 || answer.status == 431)
    builder.connection_close();
}

restinio::http_status_line_t status_line(const Answer& answer) {
  return {restinio::http_status_code_t{answer.status}, std::string{reason(answer.status)}};
}

}  // namespace

class Server::Impl {
 public:
  Impl(asio::io_context& context, Backend& backend, WebConfig config, ServerLimits limits)
      : context_{context}, limits_{limits}, responder_{backend, std::move(config), limits.responder} {}
  ~Impl() { stop_listening(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Wires& wires() { return asio::use_service<Wires>(context_); }
  const ServerLimits& limits() const { return limits_; }
  Responder& responder() { return responder_; }

  std::expected<void, std::string> listen(const tcp::endpoint& address) {
    auto& listener = listeners_.emplace_back();
    listener.address = address;
    return open(listener);
  }

  std::vector<tcp::endpoint> endpoints() const {
    std::vector<tcp::endpoint> all;
    for (const auto& listener : listeners_) all.push_back(listener.address);
    return all;
  }

  asio::awaitable<void> run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::steady_timer timer{context_};
    while (true) {
      timer.expires_after(std::chrono::seconds{1});
      co_await timer.async_wait(as_result);
      // The timer's own word is no error where the end came when it had run out already.
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) break;
      for (auto& listener : listeners_) revive(listener);
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    stop_listening();
    co_await drain();
    ending_ = true;
    wires().end_all();
    // Until then their handlers refer to this object.
    while (wires().count() > 0) {
      timer.expires_after(std::chrono::milliseconds{1});
      co_await timer.async_wait(as_result);
    }
  }

 private:
  struct Listener {
    tcp::endpoint address;  ///< with the port that was found
    std::unique_ptr<HttpServer> server;
    int descriptor = -1;
    std::uint64_t accepted = 0;
    std::uint64_t accepted_before = 0;  ///< at the last look
    int stuck = 0;                      ///< looks that found a client waiting and none accepted
  };

  std::expected<void, std::string> open(Listener& listener) {
    const auto address = listener.address;
    try {
      restinio::server_settings_t<Traits> settings;
      settings.address(address.address())
          .protocol(address.protocol())
          .port(address.port())
          .buffer_size(8 * 1024)
          .read_next_http_message_timelimit(limits_.request)
          .write_http_response_timelimit(limits_.response)
          // Ours have deadlines of their own; the longest is that of /probe.
          .handle_request_timeout(std::chrono::hours{2})
          .max_pipelined_requests(1)
          .concurrent_accepts_count(4)
          .max_parallel_connections(limits_.wires.connections + limits_.wires.connections / 4 + 8)
          .separate_accept_and_create_connect(false)
          .incoming_http_msg_limits(message_limits())
          .timer_manager(std::chrono::seconds{1})
          .acceptor_options_setter([address](auto& options) {
            options.set_option(tcp::acceptor::reuse_address{true});
            // Both families may be listened to on one port.
            if (address.address().is_v6()) options.set_option(asio::ip::v6_only{true});
          })
          .acceptor_post_bind_hook([&listener](tcp::acceptor& acceptor) {
            listener.address = acceptor.local_endpoint();
            listener.descriptor = acceptor.native_handle();
          })
          .socket_options_setter([&listener](auto& options) {
            ++listener.accepted;
            options.set_option(tcp::no_delay{true});
          })
          .request_handler([this](restinio::request_handle_t request) { return accept(std::move(request)); });
      listener.server =
          std::make_unique<HttpServer>(restinio::external_io_context(context_), std::move(settings));
      listener.server->open_sync();
    } catch (const std::exception& error) {
      listener.server.reset();
      return std::unexpected{fmt::format("cannot listen on {}: {}",
                                         reports::endpoint_text(address.address(), address.port()),
                                         error.what())};
    }
    return {};
  }

  /// RESTinio gives up an accept that failed, for want of descriptors for example, and with the last one the
  /// whole listener: clients connect and nobody comes. Then it is made anew.
  void revive(Listener& listener) {
    if (listener.server) {
      pollfd waiting{listener.descriptor, POLLIN, 0};
      const bool none_accepted =
          listener.accepted == std::exchange(listener.accepted_before, listener.accepted);
      const bool full = wires().count() > limits_.wires.connections;
      listener.stuck = none_accepted && !full && poll(&waiting, 1, 0) > 0 ? listener.stuck + 1 : 0;
      if (listener.stuck < 2) return;
      listener.server.reset();
    }
    listener.stuck = 0;
    // When it fails it is tried again in a second.
    std::ignore = open(listener);
  }

  restinio::request_handling_status_t accept(restinio::request_handle_t request) {
    if (ending_) return restinio::request_rejected();
    wires().busy(key_of(*request));
    const auto at = answering_.emplace(answering_.end());
    asio::co_spawn(context_, answer(std::move(request)),
                   asio::bind_cancellation_slot(at->slot(), [this, at](const std::exception_ptr&) {
                     answering_.erase(at);
                     if (answering_.empty()) drained_.cancel();
                   }));
    return restinio::request_accepted();
  }

  asio::awaitable<void> answer(restinio::request_handle_t request) {
    Answer made;
    try {
      made = co_await responder_.respond(read(*request));
    } catch (const std::exception&) {
      // Cancelled at the end, or out of memory: nothing about it is for the client.
      made = plain(503, "this could not be answered; try again");
      harden(made);
    }
    if (const auto bytes = made.size(); bytes > 64 * 1024 && unsent_ + bytes > limits_.unsent) {
      made = plain(503, "clients are too slow to take their answers; try again");
      made.fields.emplace_back("Retry-After", "5");
      harden(made);
    }
    send(*request, std::move(made));
  }

  void send(restinio::request_t& request, Answer made) {
    const auto key = key_of(request);
    const auto bytes = made.size();
    unsent_ += bytes;
    auto sent = [this, key, bytes](const asio::error_code&) {
      unsent_ -= bytes;
      wires().idle(key);
    };
    if (request.header().method() == restinio::http_method_head()) {
      auto builder = request.create_response<restinio::user_controlled_output_t>(status_line(made));
      write_head(builder, made);
      builder.set_content_length(bytes);
      builder.done(std::move(sent));
      return;
    }
    auto builder = request.create_response(status_line(made));
    write_head(builder, made);
    builder.set_body(std::move(made.body));
    for (auto& piece : made.rest) builder.append_body(std::move(piece));
    builder.done(std::move(sent));
  }

  void stop_listening() {
    for (auto& listener : listeners_) listener.server.reset();
  }

  asio::awaitable<void> drain() {
    if (answering_.empty()) co_return;
    drained_.expires_after(limits_.drain);
    co_await drained_.async_wait(as_result);
    for (auto& one : answering_) one.emit(asio::cancellation_type::terminal);
    if (answering_.empty()) co_return;
    drained_.expires_at(asio::steady_timer::time_point::max());
    co_await drained_.async_wait(as_result);
  }

  asio::io_context& context_;
  ServerLimits limits_;
  Responder responder_;
  std::list<Listener> listeners_;
  std::list<asio::cancellation_signal> answering_;
  asio::steady_timer drained_{context_};
  std::size_t unsent_ = 0;
  bool ending_ = false;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

std::expected<Server, std::string> Server::open(asio::io_context& context, const Web& web, Backend& backend,
                                                ServerLimits limits) {
  Server server{std::make_unique<Impl>(context, backend, WebConfig{}, limits)};
  if (auto done = server.configure(web.config); !done) return std::unexpected{done.error()};
  for (const auto& address : web.listen)
    if (auto done = server.impl_->listen(address); !done) return std::unexpected{done.error()};
  return server;
}

std::vector<tcp::endpoint> Server::endpoints() const { return impl_->endpoints(); }

std::expected<void, std::string> Server::configure(const std::filesystem::path& web_config) {
  auto config = load_web_config(web_config);
  if (!config) return std::unexpected{config.error()};
  std::shared_ptr<asio::ssl::context> context;
  if (config->tls) {
    auto made = make_server_context(*config->tls);
    if (!made) return std::unexpected{made.error()};
    context = std::make_shared<asio::ssl::context>(std::move(*made));
  }
  impl_->wires().use(std::move(context), impl_->limits().wires);
  impl_->responder().configure(std::move(*config));
  return {};
}

asio::awaitable<void> Server::run() { return impl_->run(); }

}  // namespace fwprobe::monitor
