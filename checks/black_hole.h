#pragma once
// A path MTU black hole: small segments pass, full-size ones vanish (RFC 2923 §2.1). What is asked when an
// exchange stalls, and what the answers show.

#include <optional>
#include <string>

#include "checks/builders.h"
#include "checks/ledger.h"

namespace fwprobe::checks {

/// The segment size that every link carries: IPv6 links take packets of 1280 bytes (RFC 8200 §5), and IPv4
/// hosts ones of 576 (RFC 9293 §3.7.1); less 40 bytes of headers, or 60.
std::uint16_t safe_segment(const asio::ip::address& address);

/// What stalls as if full-size segments vanished is done twice more at the same time, each on a connection of
/// its own: with segments of the safe size, and as it was. Once for each address.
void compare_segment_sizes(const Case& the_case, const std::vector<probe::Question>& overdue, Ledger& ledger);

struct BlackHole {
  std::string words;  ///< one line, for a summary that begins with what stalled
  Confidence confidence = Confidence::medium;
  Ids evidence;  ///< the two repetitions
  Facts facts;   ///< for the cause's remedy
};

/// Whether full-size segments vanish, for a handshake or exchange that stalled. Only where the repetition
/// with small segments got further and the other one stalled as well.
std::optional<BlackHole> find_black_hole(const Case& the_case, probe::MeasurementId stalled);

}  // namespace fwprobe::checks
