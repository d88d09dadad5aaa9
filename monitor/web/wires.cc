#include "monitor/web/wires.h"

#include <algorithm>
#include <vector>

namespace fwprobe::monitor {

asio::execution_context::id Wires::id;

void Wires::use(std::shared_ptr<asio::ssl::context> context, WireLimits limits) {
  context_ = std::move(context);
  limits_ = limits;
}

void Wires::begin(std::uint64_t number, const std::shared_ptr<Wire>& wire,
                  std::function<void(std::error_code)> ready) {
  make_room();
  asio::error_code gone;
  const auto client = wire->socket.remote_endpoint(gone);
  known_[{number, client}] = {wire, probe::Clock::now()};
  if (!context_) {
    ready({});
    return;
  }
  wire->context = context_;
  wire->tls.emplace(wire->socket, *context_);
  wire->deadline.expires_after(limits_.handshake);
  wire->deadline.async_wait([weak = std::weak_ptr{wire}](const asio::error_code& error) {
    asio::error_code ignored;
    if (const auto late = weak.lock(); late && !error) late->socket.close(ignored);
  });
  wire->tls->async_handshake(asio::ssl::stream_base::server,
                             [wire, ready = std::move(ready)](const asio::error_code& error) {
                               wire->deadline.cancel();
                               ready(error);
                             });
}

void Wires::busy(const WireKey& of) {
  if (const auto at = known_.find(of); at != known_.end()) at->second.busy = true;
}

void Wires::idle(const WireKey& of) {
  const auto at = known_.find(of);
  if (at == known_.end()) return;
  at->second.busy = false;
  at->second.silent_since = probe::Clock::now();
}

std::size_t Wires::count() {
  std::erase_if(known_, [](const auto& one) { return one.second.wire.expired(); });
  return known_.size();
}

/// Whoever opens many connections and sends nothing on them loses the oldest; who is being answered stays.
void Wires::make_room() {
  if (count() < limits_.connections) return;
  auto oldest = known_.end();
  for (auto at = known_.begin(); at != known_.end(); ++at)
    if (!at->second.busy && (oldest == known_.end() || at->second.silent_since < oldest->second.silent_since))
      oldest = at;
  if (oldest == known_.end()) return;
  // Its pending read ends, and with it the connection.
  asio::error_code ignored;
  if (const auto wire = oldest->second.wire.lock())
    wire->socket.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  known_.erase(oldest);
}

void Wires::end_all() {
  asio::error_code ignored;
  for (const auto& [number, known] : known_)
    if (const auto wire = known.wire.lock())
      wire->socket.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
}

}  // namespace fwprobe::monitor
