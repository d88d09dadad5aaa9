#include "probe/http_parser.h"

#include <algorithm>

#include <fmt/format.h>
#include <llhttp.h>

#include "probe/decompress.h"
#include "text/ascii.h"

namespace fwprobe::probe {
namespace {

using Kind = HttpFailure::Kind;

/// How much of its input the parser sees between two looks at the limit of the headers.
constexpr std::size_t step = 4 * 1024;
/// What a chunk's frame may cost besides the headers' limit: a padded size and two line ends.
constexpr std::size_t chunk_frame = 16;

bool is_interim(int status) { return status >= 100 && status < 200 && status != 101; }

/// RFC 9112 §6.3: these end with their headers, whatever the headers say.
bool has_no_body(int status) { return (status >= 100 && status < 200) || status == 204 || status == 304; }

}  // namespace

struct HttpParser::State {
  llhttp_t parser{};
  llhttp_settings_t settings{};
  Expect expect;
  HttpLimits limits;
  Progress progress = Progress::more;
  HttpResponse response;
  HttpHeader field;  ///< the one being read
  std::optional<ContentDecoder> decoder;
  std::string unknown_coding;
  std::size_t fed = 0;         ///< all bytes
  std::size_t head_bytes = 0;  ///< of all status lines, headers, chunk frames and trailers, 1xx included
  std::size_t chunks = 0;
  bool headers_complete = false;
  std::optional<HttpFailure> failure;

  State(Expect e, HttpLimits l) : expect{e}, limits{l} {}

  int fail(Kind kind, std::string detail) {
    if (!failure) {
      failure.emplace();
      failure->kind = kind;
      failure->detail = std::move(detail);
    }
    progress = Progress::failed;
    return HPE_USER;
  }

  void begin_message() {
    response = {};
    field = {};
    headers_complete = false;
  }

  void finish_header() {
    field.value = std::string{trimmed(field.value)};  // llhttp leaves the white space behind it
    // Trailers are read past: nothing that we judge may come in one (RFC 9110 §6.5.1).
    if (!headers_complete) response.headers.push_back(std::move(field));
    field = {};
  }

  /// The answer is llhttp's: 1 means that no body follows.
  int headers_done() {
    response.status = static_cast<std::uint16_t>(llhttp_get_status_code(&parser));
    response.version = fmt::format("{}.{}", parser.http_major, parser.http_minor);
    headers_complete = true;
    if (response.status < 100)
      return fail(Kind::malformed, fmt::format("a status of {}; they begin at 100", response.status));
    if (expect == Expect::no_body || has_no_body(response.status)) return 1;
    for (const auto coding : header_values(response.headers, "Transfer-Encoding"))
      if (!equal_ignoring_case(coding, "chunked") && !equal_ignoring_case(coding, "identity"))
        // RFC 9112 §7: only what TE asked for may be used, and we ask for nothing.
        return fail(Kind::malformed,
                    fmt::format("the Transfer-Encoding '{}' was not asked for", coding.substr(0, 60)));
    return 0;
  }

  /// Only with the body's first byte: a response without a body may name any coding.
  void choose_decoder() {
    std::string codings;
    for (const auto value : header_values(response.headers, "Content-Encoding"))
      codings += fmt::format("{}{}", codings.empty() ? "" : ",", value);
    auto chosen = ContentDecoder::from(codings, limits.body);
    if (!chosen) {
      unknown_coding = chosen.error().substr(0, 60);
      chosen = ContentDecoder::from("", limits.body);  // the bytes are kept as they came
    }
    decoder = std::move(*chosen);
  }

  int body(std::string_view bytes) {
    if (!decoder) choose_decoder();
    const auto room = limits.body - response.wire_bytes;
    const auto decoded = decoder->write(bytes.substr(0, room), response.body);
    if (!decoded && decoded.error() == DecodeError::corrupt)
      return fail(Kind::bad_encoding, "the body is not compressed in the way that Content-Encoding says");
    if (!decoded)
      return fail(Kind::body_too_large, fmt::format("more than {} bytes after decompression", limits.body));
    response.wire_bytes += std::min(bytes.size(), room);
    if (bytes.size() > room)
      return fail(Kind::body_too_large, fmt::format("more than {} bytes of body", limits.body));
    return HPE_OK;
  }

  int message_done() {
    if (is_interim(response.status)) {
      begin_message();  // so that it never passes for the beginning of the final one
      return HPE_OK;
    }
    if (!unknown_coding.empty())
      return fail(
          Kind::bad_encoding,
          fmt::format("the Content-Encoding '{}' was not asked for and cannot be read", unknown_coding));
    if (decoder && !decoder->finished())
      return fail(Kind::bad_encoding, "the compressed body is complete as HTTP counts, but not in itself");
    // Here, while llhttp still knows the headers' flags. Of a close beside a keep-alive the close counts.
    response.reusable = llhttp_should_keep_alive(&parser) != 0 && (parser.flags & F_CONNECTION_CLOSE) == 0 &&
                        response.status != 101;
    progress = Progress::complete;
    return HPE_PAUSED;
  }

  static State& of(llhttp_t* parser) { return *static_cast<State*>(parser->data); }

  void set_up() {
    llhttp_settings_init(&settings);
    settings.on_message_begin = [](llhttp_t* p) { return of(p).begin_message(), 0; };
    settings.on_status = [](llhttp_t* p, const char* at, std::size_t n) {
      return of(p).response.reason.append(at, n), 0;
    };
    settings.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
      return of(p).field.name.append(at, n), 0;
    };
    settings.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
      return of(p).field.value.append(at, n), 0;
    };
    settings.on_header_value_complete = [](llhttp_t* p) { return of(p).finish_header(), 0; };
    settings.on_headers_complete = [](llhttp_t* p) { return of(p).headers_done(); };
    settings.on_chunk_header = [](llhttp_t* p) { return ++of(p).chunks, 0; };
    settings.on_body = [](llhttp_t* p, const char* at, std::size_t n) { return of(p).body({at, n}); };
    settings.on_message_complete = [](llhttp_t* p) { return of(p).message_done(); };
    llhttp_init(&parser, HTTP_RESPONSE, &settings);
    parser.data = this;
    // An interim response of HTTP/1.0 would end the connection in the middle of an answer.
    llhttp_set_lenient_keep_alive(&parser, 1);
  }

  /// At most `step` bytes.
  void feed(std::string_view bytes) {
    const auto body_before = response.wire_bytes;
    const auto status = llhttp_execute(&parser, bytes.data(), bytes.size());
    const auto* stopped = status == HPE_OK ? nullptr : llhttp_get_error_pos(&parser);
    const auto used = stopped == nullptr ? bytes.size() : static_cast<std::size_t>(stopped - bytes.data());
    if (progress == Progress::complete && used < bytes.size()) response.reusable = false;
    // An interim response has no body, so that the count never falls.
    head_bytes += used - std::min(used, response.wire_bytes - std::min(body_before, response.wire_bytes));
    if (progress != Progress::failed && head_bytes > limits.headers + chunk_frame * chunks)
      fail(Kind::headers_too_large, fmt::format("more than {} bytes of headers", limits.headers));
    else if (progress == Progress::more && status != HPE_OK)
      fail(Kind::malformed, fmt::format("{}, at byte {}", llhttp_get_error_reason(&parser), fed + used + 1));
    fed += used;
  }
};

HttpParser::HttpParser(Expect expect, HttpLimits limits) : state_{std::make_unique<State>(expect, limits)} {
  state_->set_up();
}
HttpParser::~HttpParser() = default;

HttpParser::Progress HttpParser::feed(std::string_view bytes) {
  while (state_->progress == Progress::more && !bytes.empty()) {
    // What follows the last step of a complete response is seen all the same: it must not be read as the next
    // one.
    state_->feed(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  if (state_->progress == Progress::complete && !bytes.empty()) state_->response.reusable = false;
  return state_->progress;
}

HttpParser::Progress HttpParser::end_of_stream() {
  if (state_->progress != Progress::more) return state_->progress;
  llhttp_finish(&state_->parser);  // calls message_done() when the end of the stream is the end of the body
  if (state_->progress == Progress::more) state_->fail(Kind::transport, {});
  return state_->progress;
}

HttpResponse HttpParser::take_response() { return std::move(state_->response); }

bool HttpParser::keeps_connection() const { return state_->response.reusable; }

HttpFailure HttpParser::take_failure() {
  return state_->failure ? std::move(*state_->failure) : HttpFailure{};
}

std::optional<HttpResponse> HttpParser::take_partial() {
  if (!state_->headers_complete) return std::nullopt;
  return std::move(state_->response);
}

}  // namespace fwprobe::probe
