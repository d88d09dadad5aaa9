#pragma once
// What comes back on a request, until the response is complete or cannot become so.

#include <cstddef>
#include <optional>
#include <string>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/failure.h"
#include "probe/http_parser.h"

namespace fwprobe::probe {

class HttpReader {
 public:
  /// Both live as long as this.
  HttpReader(Connection& connection, HttpParser& parser) : connection_{connection}, parser_{parser} {}

  /// Reads until the response has ended, one way or the other.
  asio::awaitable<void> read(Clock::time_point sent, Clock::time_point deadline);

  HttpParser::Progress progress = HttpParser::Progress::more;
  std::optional<TransportFailure> transport;  ///< what ended it before it was complete
  std::optional<Clock::duration> first_byte;  ///< since `sent`
  std::size_t received = 0;
  std::string first_bytes;  ///< at most 256

 private:
  Connection& connection_;
  HttpParser& parser_;
};

}  // namespace fwprobe::probe
