#pragma once
// Posts a message over the probe's own client: names, sources, proxies, roots and timeouts as for targets.

#include <string>

#include <asio/awaitable.hpp>

#include "monitor/notices/retry.h"
#include "monitor/plan.h"

namespace fwprobe::monitor {

/// Of JSON, within the deadline of the receiver's manner. Redirects are not followed: a message may hold what
/// only the receiver may read. `receiver.manner.contexts` is the measuring thread's; the roots are loaded
/// here.
asio::awaitable<Attempt> deliver(const Receiver& receiver, std::string body);

}  // namespace fwprobe::monitor
