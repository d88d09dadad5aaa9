#pragma once
// Serves a Responder's answers over HTTP/1.1 and HTTPS (RESTinio), within limits that no client can exceed.

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include "monitor/web/responder.h"
#include "monitor/web/wires.h"
#include "probe/endpoint.h"

namespace fwprobe::monitor {

struct ServerLimits {
  ResponderLimits responder;
  WireLimits wires;
  std::chrono::milliseconds request{60'000};   ///< from the end of one request to the end of the next
  std::chrono::milliseconds response{30'000};  ///< until the client has taken it
  std::chrono::milliseconds drain{5'000};      ///< for answers that are being made when the end comes
  std::size_t unsent = 128 * 1024 * 1024;      ///< bytes of all answers that clients have not taken yet
};

/// One at a time for an io_context, whose only thread it works on.
class Server {
 public:
  /// Listens on each address, and answers as soon as the context runs. The error says which address or file
  /// cannot be used, and why.
  static std::expected<Server, std::string> open(asio::io_context& context, const Web& web, Backend& backend,
                                                 ServerLimits limits = {});
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  /// Where it listens: the ports that were found for 0.
  std::vector<probe::TcpEndpoint> endpoints() const;
  /// Certificates, users and header fields anew, for what comes from now on. A bad file keeps the old ones.
  std::expected<void, std::string> configure(const std::filesystem::path& web_config);
  /// Keeps it listening until it is cancelled; then what is being answered is answered, and all connections
  /// end.
  asio::awaitable<void> run();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fwprobe::monitor
