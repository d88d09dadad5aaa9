#pragma once
// Who may ask: basic authentication (RFC 7617) by bcrypt hashes, or a bearer token (RFC 6750).

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include <asio/awaitable.hpp>

#include "monitor/web/aside.h"
#include "monitor/web/request.h"
#include "monitor/web/web_config.h"

namespace fwprobe::monitor {

struct BasicCredentials {
  std::string user;
  probe::Secret password;
};
/// What an Authorization field presents; the first for none, and for what cannot be read.
using Presented = std::variant<std::monostate, BasicCredentials, probe::Secret>;
Presented read_authorization(const Request& request);

class Gatekeeper {
 public:
  /// Hashes are computed by `aside`, one at a time: whoever guesses passwords holds up nobody but those who
  /// are not known yet.
  Gatekeeper(WebConfig config, Aside& aside);

  /// Nothing: let in. Else the answer: 401, or 503 when too many passwords wait for their check.
  asio::awaitable<std::optional<Answer>> refuse(const Request& request);
  const WebConfig& config() const { return config_; }

 private:
  using Digest = std::array<unsigned char, 32>;

  asio::awaitable<std::optional<Answer>> refuse(const BasicCredentials& presented);
  Answer unauthorized() const;
  Digest digest(std::string_view user, std::string_view hash, std::string_view password) const;

  WebConfig config_;
  Aside& aside_;
  std::string unknown_;  ///< a hash for users that are not there, as costly as the others'
  std::array<unsigned char, 32> key_{};
  std::deque<Digest> verified_;  ///< the newest first: bcrypt for each scrape would be most of its cost
};

}  // namespace fwprobe::monitor
