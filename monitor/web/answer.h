#pragma once
// What is answered to a request, before any of it is on the wire.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fwprobe::monitor {

struct Answer {
  std::uint16_t status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::string> rest;  ///< of a long body: pieces that follow, and are never copied together
  std::vector<std::pair<std::string, std::string>> fields;  ///< besides Content-Type and Content-Length

  /// Of the whole body, in bytes.
  std::size_t size() const;
};

/// Text for people and scripts, which ends with a newline.
Answer plain(std::uint16_t status, std::string_view what);
Answer json_answer(std::string body);

/// What the fetch of a page may do (W3C, Content Security Policy Level 3): nothing but its own style and, for
/// the page whose script has this hash, that script and requests to this very service. `script_hash`:
/// "sha256-…", or empty for none.
std::string content_security_policy(std::string_view script_hash);

/// Fields that every answer carries unless it has them itself.
void harden(Answer& answer);

/// RFC 9110 §15: "Not Found".
std::string_view reason(std::uint16_t status);

}  // namespace fwprobe::monitor
