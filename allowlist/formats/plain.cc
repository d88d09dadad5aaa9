// One prefix, address or range a line.

#include <fmt/format.h>

#include "allowlist/formats/format.h"
#include "allowlist/plain_lines.h"

namespace fwprobe::allowlist {

ReadPublication read_plain(std::string_view text) {
  Publication publication;
  Group group;
  PlainLines lines{text};
  while (const auto line = lines.next()) group.prefixes.push_back({line->text, nullptr, line->place});
  publication.groups.push_back(std::move(group));
  return publication;
}

}  // namespace fwprobe::allowlist
