#include "probe/http_reader.h"

#include <memory>
#include <span>
#include <string_view>

namespace fwprobe::probe {
namespace {

using Progress = HttpParser::Progress;

constexpr std::size_t max_first_bytes = 256;
constexpr std::size_t read_size = 64UL * 1024;

}  // namespace

asio::awaitable<void> HttpReader::read(Clock::time_point sent, Clock::time_point deadline) {
  const auto memory = std::make_unique_for_overwrite<char[]>(read_size);
  const std::span buffer{memory.get(), read_size};
  while (progress == Progress::more) {
    // A read that is ready wins against a timer that is due: without this a flood would outlast the deadline.
    if (received > 0 && Clock::now() >= deadline) {
      transport = TransportFailure{asio::error::timed_out, std::nullopt};
      break;
    }
    const auto count = co_await connection_.read_some(buffer, deadline);
    if (!count) {
      transport = count.error();
      if (count.error().error == asio::error::eof) progress = parser_.end_of_stream();
      break;
    }
    if (!first_byte) first_byte = Clock::now() - sent;
    const std::string_view bytes{buffer.data(), *count};
    received += bytes.size();
    if (first_bytes.size() < max_first_bytes)
      first_bytes += bytes.substr(0, max_first_bytes - first_bytes.size());
    progress = parser_.feed(bytes);
  }
}

}  // namespace fwprobe::probe
