#pragma once
// The way that the request does not take: through a proxy that NO_PROXY keeps out, or past the one that is
// used. It is tried only when the request's own way is blocked.

#include <optional>
#include <string>

#include "checks/builders.h"
#include "checks/ledger.h"

namespace fwprobe::checks {

/// Asks for a connection and a handshake that way; never for more, so that nothing secret goes along. Without
/// a proxy that the environment names there is no other way than the direct one: --no-proxy is heeded.
void compare_ways(const Case& the_case, Ledger& ledger);

/// Why nothing gets through directly, by the checks of the connection and of the handshake; none while
/// something does, or is not known.
std::optional<Finding> blocked_directly(const Case& the_case);

struct OtherWay {
  enum class End : std::uint8_t { works, fails };
  End end = End::fails;
  std::string words;  ///< "the handshake completes (TLSv1.3)"
  Ids evidence;
};

/// What came of going through the bypassed proxy, or past the proxy in use; none when it was not tried, or
/// not to an end.
std::optional<OtherWay> other_way(const Case& the_case);

}  // namespace fwprobe::checks
