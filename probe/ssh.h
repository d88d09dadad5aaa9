#pragma once
// The identification string of an SSH server (RFC 4253 §4.2), what it offers for the key exchange, and its
// host key. No user is named.

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/facts/ssh.h"

namespace fwprobe::probe {

/// Reads lines until the identification (servers may send others before it, at most 8 KiB), within `timeout`.
/// Sends our own identification first, as some servers wait for it. Then exchanges keys, within the same
/// time.
asio::awaitable<SshBanner> read_banner(SshQuestion question, Connection& connection, Clock::duration timeout);

}  // namespace fwprobe::probe
