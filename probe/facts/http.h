#pragma once
// HTTP requests and responses (RFC 9110, RFC 9112), as they are asked for and kept.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/clock.h"
#include "probe/facts/tcp.h"
#include "probe/failure.h"
#include "probe/measurement_id.h"
#include "probe/url.h"

namespace fwprobe::probe {

struct HttpHeader {
  std::string name;
  std::string value;
  bool operator==(const HttpHeader&) const = default;
};

/// Which credential goes with a request; the value itself is known only to the one who sends it.
enum class Credential : std::uint8_t { none, token };
/// RFC 9112 §3.2: origin-form, or absolute-form for a plain-http request through a proxy.
enum class RequestForm : std::uint8_t { origin, absolute };

struct HttpRequest {
  std::string method = "GET";
  Url url;
  std::vector<HttpHeader> headers;  ///< besides Host, User-Agent, Accept-Encoding; nothing secret
  Credential credential = Credential::none;
  std::uint64_t zeros = 0;  ///< the body: so many zero bytes
  bool operator==(const HttpRequest&) const = default;
};

struct HttpQuestion {
  MeasurementId connection{};  ///< the TCP connection, tunnel, handshake or exchange it goes over
  HttpRequest request;
  RequestForm form = RequestForm::origin;
  bool operator==(const HttpQuestion&) const = default;
};

struct HttpResponse {
  std::uint16_t status = 0;
  std::string reason;
  std::string version;              ///< "1.1"
  std::vector<HttpHeader> headers;  ///< in order; values of Set-Cookie and of credentials blanked
  std::string body;                 ///< decoded: no chunks, no gzip
  std::size_t wire_bytes = 0;       ///< of the body, as it came
  bool reusable = false;            ///< the connection may carry another request (RFC 9112 §9.3)
  /// Only the end of its TLS connection ended the body, and no close_notify said that it was whole (RFC 9112
  /// §9.8).
  bool without_close_notify = false;
};

struct HttpFailure {
  enum class Kind : std::uint8_t {
    transport,  ///< see `transport`: deadline, FIN or RST before the response was complete; or EINVAL and
                ///< `detail`: the request was not sent, because it would have carried the token in clear text
                ///< or a broken header
    malformed,  ///< not HTTP; see `detail`
    headers_too_large,  ///< more than HttpLimits::headers
    body_too_large,     ///< more than HttpLimits::body, before or after decompression
    bad_encoding,       ///< Content-Encoding that cannot be decoded
  };
  Kind kind = Kind::transport;
  std::optional<TransportFailure> transport;
  std::string detail;
  std::optional<TcpEnd> tcp;  ///< of the connection, when it is known
  std::size_t received = 0;   ///< bytes that came
  std::string first_bytes;    ///< of what came, at most 256
  std::optional<HttpResponse>
      partial;  ///< status, headers, and the body so far, when the headers were complete
};

/// Of a response.
struct HttpLimits {
  std::size_t headers = 64 * 1024;
  std::size_t body = 8 * 1024 * 1024;
};

struct HttpExchange {
  HttpQuestion question;
  std::optional<Clock::duration> first_byte;  ///< from the request's last byte to the response's first
  std::expected<HttpResponse, HttpFailure> result;
};

/// The first value of a header, names compared without case (RFC 9110 §5.1).
std::optional<std::string_view> header(const std::vector<HttpHeader>& headers, std::string_view name);
/// All values of a header.
std::vector<std::string_view> header_values(const std::vector<HttpHeader>& headers, std::string_view name);

/// How far a request's bytes have come, whatever came back.
struct Delivery {
  std::uint64_t sent = 0;  ///< of the body, given to the kernel
  /// By the peer's TCP, since the request began, its head and TLS records included.
  std::uint64_t acknowledged = 0;
  std::uint32_t retransmits = 0;  ///< segments that were sent again meanwhile
  Clock::duration quiet{};        ///< at the end of an upload: since something moved last
};

}  // namespace fwprobe::probe
