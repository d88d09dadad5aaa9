#pragma once
// Reads one HTTP/1.x response from bytes as they come (RFC 9112). No I/O: the exchange feeds it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "probe/http.h"

namespace fwprobe::probe {

class HttpParser {
 public:
  enum class Progress : std::uint8_t { more, complete, failed };
  /// What the request was; a response to HEAD has no body (RFC 9110 §9.3.2).
  enum class Expect : std::uint8_t { body, no_body };

  HttpParser(Expect expect, HttpLimits limits);
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  /// The next bytes. Informational responses are skipped; 101 is final, as what follows is another protocol.
  /// Once it is `complete` or `failed` it stays so.
  Progress feed(std::string_view bytes);
  /// The connection ended: completes a response whose body is delimited by that, fails any other.
  Progress end_of_stream();

  /// After `complete`. `reusable` is what RFC 9112 §9.3 says, and false when bytes followed the response.
  HttpResponse take_response();
  /// After `complete`: whether the connection may carry another request, so far as the response says.
  bool keeps_connection() const;
  /// After `failed`; of kind `transport` when end_of_stream() came too early.
  HttpFailure take_failure();
  /// When the response cannot be completed: its status and headers, if they were complete, and the body so
  /// far.
  std::optional<HttpResponse> take_partial();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fwprobe::probe
