#include "checks/squid_error.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

namespace fwprobe::checks {
namespace {

/// Squid's error pages about servers (doc/error-pages of its sources); the header holds the page's name and
/// an errno, "ERR_CONNECT_FAIL 111".
struct Row {
  std::string_view page;
  std::string_view words;
};
constexpr Row rows[] = {
    {"ERR_CONNECT_FAIL", "it could not connect to the server"},
    {"ERR_SECURE_CONNECT_FAIL", "its TLS handshake with the server failed"},
    {"ERR_CANNOT_FORWARD", "it has no way to the server"},
    {"ERR_DNS_FAIL", "it cannot resolve the server's name"},
    {"ERR_READ_TIMEOUT", "the server did not answer it in time"},
    {"ERR_READ_ERROR", "its connection to the server broke while reading"},
    {"ERR_WRITE_ERROR", "its connection to the server broke while writing"},
    {"ERR_ZERO_SIZE_OBJECT", "the server closed its connection without an answer"},
    {"ERR_LIFETIME_EXP", "the request took longer than it allows"},
    {"ERR_INVALID_RESP", "the server's answer to it was no HTTP"},
    {"ERR_TOO_BIG", "the request or response is larger than it allows"},
    {"ERR_SOCKET_FAILURE", "it had no socket left"},
};

}  // namespace

std::string squid_met(const probe::HttpResponse& response) {
  const auto error = probe::header(response.headers, "X-Squid-Error");
  if (!error) return {};
  const auto blank = std::min(error->find(' '), error->size());
  const auto row = std::ranges::find(rows, error->substr(0, blank), &Row::page);
  if (row == std::end(rows)) return {};
  const auto digits = error->substr(std::min(blank + 1, error->size()));
  int number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (number <= 0) return std::string{row->words};
  return fmt::format("{} ({})", row->words, std::generic_category().message(number));
}

}  // namespace fwprobe::checks
