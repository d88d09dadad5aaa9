// Any bytes as a list in any format: refused with the file's name, or read into entries that hold together,
// and the same addresses on the way for long plain lists.

#include <cstdlib>
#include <string_view>

#include "allowlist/address_text.h"
#include "allowlist/exports/export.h"
#include "allowlist/list_name.h"
#include "allowlist/load_set.h"
#include "allowlist/plain_ranges.h"
#include "allowlist/publication.h"

namespace {

using namespace fwprobe::allowlist;

void require(bool condition) {
  if (!condition) std::abort();
}

constexpr auto day = std::chrono::year{2026} / 11 / 1;

void require_line(std::string_view message) {
  for (const char c : message) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

/// Every export of what was read can be made, and the documents can be read again.
void check_exports(const Allowlist& list) {
  for (const auto& format : export_formats()) {
    const auto wanted = plan_export(list, format, {true, {}}, "", day);
    if (!wanted) continue;
    const auto text = format.render(*wanted);
    require(!text.empty());
    if (format.name != "csv") continue;
    const auto again = parse_list(text, {"csv", "", day, {}, Entries::all});
    require(again && addresses(*again, day) == addresses(list, day));
  }
}

void check_plain(std::string_view text, const std::expected<Allowlist, ListError>& list) {
  if (no_list(text) || !is_plain(text) || text.starts_with("\xef\xbb\xbf")) return;
  PlainRanges ranges;
  const auto complaint = ranges.add(text);
  if (list)
    require(!complaint && std::move(ranges).take() == addresses(*list, day));
  else if (complaint)
    require_line(complaint->message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto list = parse_list(text, {"f", "", day, {}, Entries::all});
  check_plain(text, list);
  if (const auto named = parse_list_name(text.substr(0, 200))) {
    for (const auto& filter : named->filters) require(!filter.key.empty() && !filter.values.empty());
    static_cast<void>(parse_list(text, {"f", "", day, named->filters, Entries::of_one_direction}));
  }
  if (!list) {
    require(list.error().message.starts_with("f:"));
    require_line(list.error().message);
    return 0;
  }
  require(!list->entries.empty());
  for (const auto& entry : list->entries)
    if (const auto* prefix = std::get_if<Prefix>(&entry.what); prefix && in_force(entry, day))
      require(prefix->contains(prefix->network()) && prefix->contains(prefix->last()));
  if (list->entries.size() < 1000) check_exports(*list);
  return 0;
}
