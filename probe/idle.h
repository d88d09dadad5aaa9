#pragma once
// A connection that is kept silent for a while, and whether it still carries anything afterwards.

#include <optional>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/facts/idle.h"

namespace fwprobe::probe {

struct Idled {
  IdleWatch fact;
  std::optional<Connection> connection;  ///< with IdleUse::hand_on, when it had not ended and nothing came
};

/// Sends nothing for the time of the question and hears what the peer does; then, with keep_alive, probes it
/// for at most `timeout`. What the peer sends is thrown away; more than 1 MiB of it ends the watch
/// (EMSGSIZE).
asio::awaitable<Idled> keep_idle(IdleQuestion question, Connection connection, Clock::duration timeout);

}  // namespace fwprobe::probe
