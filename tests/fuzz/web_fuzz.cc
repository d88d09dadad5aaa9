// Any text as a web configuration, and as a request: what is read is answered, and the answer keeps its form.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "../support/board_sample.h"
#include "monitor/web/gatekeeper.h"
#include "monitor/web/router.h"
#include "monitor/web/web_config.h"

namespace {

using namespace fwprobe::monitor;

void require(bool holds) {
  if (!holds) std::abort();
}

const Board& board() {
  static const auto sample = [] {
    auto made = fwprobe::tests::board_sample(150);
    made.plan.web.modules.push_back(
        {"http_2xx", {std::make_shared<fwprobe::checks::Settings>(), nullptr, {}}});
    made.plan.web.allowed.push_back({fwprobe::allowlist::Domain{"test", true}, {}});
    return made;
  }();
  return sample;
}

void require_form(const Answer& answer) {
  require(!reason(answer.status).empty());
  require(answer.body.size() < 4 * 1024 * 1024);
  for (const auto& [name, value] : answer.fields)
    require(value.find_first_of("\r\n") == std::string::npos &&
            name.find_first_of("\r\n: ") == std::string::npos);
}

/// "METHOD TARGET\nName: value\n…"
void ask(std::string_view text) {
  const auto line = text.substr(0, text.find('\n'));
  const auto blank = std::min(line.find(' '), line.size());
  std::vector<Field> fields;
  for (auto rest = text.substr(std::min(line.size() + 1, text.size()));
       !rest.empty() && fields.size() < 100;) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto colon = std::min(rest.find(':'), end);
    fields.push_back({std::string{rest.substr(0, colon)},
                      std::string{rest.substr(std::min(colon + 1, end), end - std::min(colon + 1, end))}});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto request = read_request(line.substr(0, blank), line.substr(std::min(blank + 1, line.size())),
                                    std::move(fields), 0);
  if (!request) return require_form(request.error());
  (void)read_authorization(*request);
  const auto routed = route(*request, board(), fwprobe::tests::noon);
  if (const auto* answer = std::get_if<Answer>(&routed)) {
    require_form(*answer);
    // In plain text and JSON, which no browser runs, what was asked may be named.
    require(!answer->type.starts_with("text/html") ||
            answer->body.find("<script>alert") == std::string::npos);
  }
  if (const auto* wanted = std::get_if<HistoryWanted>(&routed))
    require(place_of(board(), wanted->id).has_value());
  if (const auto* wanted = std::get_if<ProbeRequest>(&routed)) require(wanted->timeout.count() > 0);
}

void configure(std::string_view text) {
  const auto config = read_web_config(text, "web.yml");
  if (!config) return require(config.error().starts_with("web.yml:"));
  for (const auto& user : config->config.users) require(bcrypt_cost(user.hash.expose()).has_value());
  for (const auto& [name, value] : config->config.fields)
    require(value.find_first_of("\r\n") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  ask(text);
  configure(text);
  return 0;
}
