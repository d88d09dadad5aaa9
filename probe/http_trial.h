#pragma once
// An exchange that tries out what the way lets through; what it answers says nothing about the service.

#include <optional>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/facts/http_trial.h"
#include "probe/http.h"

namespace fwprobe::probe {

struct Tried {
  HttpTrial fact;
  std::optional<Connection> connection;  ///< when it can carry another request
};

/// As exchange(), see there for `timeout` and `until`. Of a response's body at most 64 KiB are kept.
asio::awaitable<Tried> try_out(TrialQuestion question, Connection connection, const HttpSecrets& secrets,
                               Clock::duration timeout, Clock::time_point until);

}  // namespace fwprobe::probe
