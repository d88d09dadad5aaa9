#pragma once
// A request's body of zeros, sent while the answer is listened for.

#include <cstdint>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/http_reader.h"

namespace fwprobe::probe {

/// How patient an upload is. What moves is not given up before `until`.
struct UploadLimits {
  Clock::duration stall{};  ///< so long nothing more is acknowledged, and nothing comes
  Clock::time_point until;
};

struct UploadEnd {
  std::uint64_t sent = 0;   ///< bytes of the body that were given to the kernel
  Clock::duration quiet{};  ///< at the end: since the last acknowledgement or byte that came
};

/// Sends `size` zeros from a small buffer and reads the response at the same time (RFC 9112 §9.5). An answer
/// before the end of the body ends it when the connection closes with it; else the body is sent to its end,
/// as the connection's next message begins behind it (RFC 9112 §9.3).
asio::awaitable<UploadEnd> upload(Connection& connection, HttpParser& parser, HttpReader& reader,
                                  std::uint64_t size, UploadLimits limits);

}  // namespace fwprobe::probe
