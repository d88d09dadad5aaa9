// Any bytes as a response: within the limits, the same however the network cuts it, and without cookies.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "probe/http_parser.h"
#include "probe/http_secrets.h"

namespace {

using namespace fwprobe::probe;
using Progress = HttpParser::Progress;

constexpr HttpLimits limits{.headers = 2048, .body = 16 * 1024};

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  Progress progress = Progress::more;
  HttpResponse response;
  HttpFailure failure;
};

Outcome parse(std::string_view bytes, HttpParser::Expect expect, std::size_t first, std::size_t step) {
  HttpParser parser{expect, limits};
  Outcome outcome{parser.feed(bytes.substr(0, first)), {}, {}};
  for (auto at = first; at < bytes.size() && outcome.progress == Progress::more; at += step)
    outcome.progress = parser.feed(bytes.substr(at, step));
  if (outcome.progress == Progress::more) outcome.progress = parser.end_of_stream();
  require(outcome.progress != Progress::more);
  if (outcome.progress == Progress::complete) {
    outcome.response = parser.take_response();
  } else {
    outcome.failure = parser.take_failure();
    if (auto partial = parser.take_partial()) {
      require(!partial->reusable);
      outcome.response = std::move(*partial);
    }
  }
  return outcome;
}

void require_bounded(const HttpResponse& response) {
  std::size_t size = response.reason.size();
  for (const auto& [name, value] : response.headers) size += name.size() + value.size();
  require(size <= limits.headers + 4096 + 16 * limits.body);
  require(response.body.size() <= limits.body && response.wire_bytes <= limits.body);
}

}  // namespace

/// The first byte says how the rest is cut, and whether it answers a HEAD.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data + 1), size - 1};
  const auto expect = (data[0] & 1) == 0 ? HttpParser::Expect::body : HttpParser::Expect::no_body;
  const std::size_t step = 1 + data[0] / 2;

  auto whole = parse(bytes, expect, bytes.size(), 1);
  const auto cut = parse(bytes, expect, std::min(step, bytes.size()), step);
  for (const auto* outcome : {&std::as_const(whole), &cut}) {
    require_bounded(outcome->response);
    if (outcome->progress == Progress::complete) {
      require(outcome->response.status >= 100 && outcome->response.status <= 999);
    } else {
      require(outcome->failure.kind == HttpFailure::Kind::transport || !outcome->failure.detail.empty());
    }
  }
  if (whole.progress == Progress::complete && cut.progress == Progress::complete) {
    require(whole.response.status == cut.response.status);
    require(whole.response.headers == cut.response.headers);
    require(whole.response.body == cut.response.body);
    require(whole.response.wire_bytes == cut.response.wire_bytes);
  } else if (whole.progress != cut.progress) {
    // The limit of the headers grows with each chunk, so that one that is looked at earlier may be passed.
    for (const auto* outcome : {&std::as_const(whole), &cut})
      require(outcome->progress == Progress::complete ||
              outcome->failure.kind == HttpFailure::Kind::headers_too_large);
  }

  HttpSecrets secrets;
  secrets.token = Secret{"secret"};
  blank_secrets(whole.response.headers, secrets);
  for (const auto& [name, value] : whole.response.headers) require(value.find("secret") == std::string::npos);
  std::string beginning{bytes.substr(0, 256)};
  blank_secrets(beginning, secrets);
  require(beginning.find("secret") == std::string::npos);
  return 0;
}
