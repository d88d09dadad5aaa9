// Any bytes as an allowlist, and as a prefix: refused with a place, or read into values that hold together.

#include <cstdlib>
#include <string_view>

#include "allowlist/allowlist.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fwprobe::allowlist;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto parsed = parse_prefix(text)) {
    const auto again = parse_prefix(parsed->prefix.text());
    require(again && again->prefix == parsed->prefix && !again->host_bits);
    require(parsed->prefix.contains(parsed->prefix.network()));
    // The last address of ::/80 is IPv4 in IPv6 form, which is an IPv4 address to contains().
    const auto last = parsed->prefix.last();
    require((last.is_v6() && last.to_v6().is_v4_mapped()) || parsed->prefix.contains(last));
  }
  const auto list = parse_yaml(text, "f");
  if (!list) {
    require(list.error().message.starts_with("f:"));
    for (const char c : list.error().message) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    return 0;
  }
  require(!list->entries.empty() && !list->name.empty() && list->retrieved.ok());
  for (const auto& entry : list->entries) {
    const auto day = entry.since.value_or(list->retrieved);
    if (!in_force(entry, day)) continue;
    if (const auto* prefix = std::get_if<Prefix>(&entry.what)) {
      require(!entries_for(*list, prefix->network(), day).empty());
      require(nearest(*list, prefix->network(), day) != nullptr);
    }
    for (const auto& range : entry.ports) require(0 < range.first && range.first <= range.last);
  }
  return 0;
}
