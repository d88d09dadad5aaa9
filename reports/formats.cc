#include "reports/formats.h"

#include <algorithm>

namespace fwprobe::reports {
namespace {

constexpr Format table[] = {
    {"text", "for people",
     [](const Report& report, const RenderOptions& options) { return render_text(report, options.text); }},
    {"json", "everything, to be judged again",
     [](const Report& report, const RenderOptions&) { return render_json(report); }},
};

}  // namespace

std::span<const Format> formats() { return table; }

const Format* find_format(std::string_view name) {
  const auto* const at = std::ranges::find(table, name, &Format::name);
  return at == std::end(table) ? nullptr : at;
}

std::string format_names() {
  std::string names;
  for (const auto& format : table) {
    if (!names.empty()) names += &format == &table[std::size(table) - 1] ? " and " : ", ";
    names += format.name;
  }
  return names;
}

}  // namespace fwprobe::reports
