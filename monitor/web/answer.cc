#include "monitor/web/answer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "text/ascii.h"

namespace fwprobe::monitor {

std::size_t Answer::size() const {
  return std::accumulate(rest.begin(), rest.end(), body.size(),
                         [](std::size_t sum, const std::string& piece) { return sum + piece.size(); });
}

Answer plain(std::uint16_t status, std::string_view what) {
  std::string body{what};
  if (!body.ends_with('\n')) body += '\n';
  return {.status = status, .body = std::move(body), .rest = {}, .fields = {}};
}

Answer json_answer(std::string body) {
  return {.type = "application/json", .body = std::move(body) + "\n", .rest = {}, .fields = {}};
}

std::string content_security_policy(std::string_view script_hash) {
  std::string policy =
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
      "frame-ancestors 'none'";
  if (!script_hash.empty()) policy += "; script-src '" + std::string{script_hash} + "'; connect-src 'self'";
  return policy;
}

void harden(Answer& answer) {
  const auto add = [&answer](std::string_view name, std::string value) {
    if (std::ranges::none_of(answer.fields,
                             [name](const auto& field) { return equal_ignoring_case(field.first, name); }))
      answer.fields.emplace_back(name, std::move(value));
  };
  add("X-Content-Type-Options", "nosniff");
  add("Referrer-Policy", "no-referrer");
  // States and figures are as old as their answer.
  add("Cache-Control", "no-store");
  add("Content-Security-Policy", content_security_policy({}));
}

std::string_view reason(std::uint16_t status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

}  // namespace fwprobe::monitor
