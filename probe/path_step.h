#pragma once
// One packet with a limited lifetime, by kind of flow.

#include <string_view>

#include <asio/awaitable.hpp>

#include "probe/facts/path.h"

namespace fwprobe::probe {

/// Sends one packet with `step.lifetime` and waits for its answer, until it is cancelled; then `step` keeps
/// its `silence`. `patience` bounds the opening of a connection before it.
asio::awaitable<void> take_step(PathStep& step, const PathQuestion& question, const TcpSource& source,
                                std::string_view hello, Clock::duration patience);

}  // namespace fwprobe::probe
