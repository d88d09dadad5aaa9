// URLs in any text, and what is left of JSON that breaks off.

#include <algorithm>

#include "checks/text_position.h"
#include "checks/url_collector.h"
#include "checks/url_scan.h"

namespace fwprobe::checks {

void scan_text(std::string_view body, UrlCollector& into, std::size_t from) {
  TextPosition position{body};
  const auto rest = body.substr(std::min(from, body.size()));
  for (const auto& kept : into.look_into(rest))
    into.name_place(kept, position.place(body.size() - rest.size() + kept.offset));
}

}  // namespace fwprobe::checks
