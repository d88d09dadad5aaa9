// Any bytes as a report: refused with a place, or read, judged, compared and rendered; and what was written
// of it is read back as the same.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "reports/compare.h"
#include "reports/read_report.h"

namespace {

using namespace fwprobe::reports;

void require(bool holds) {
  if (!holds) std::abort();
}

void judge(Report& report) {
  for (auto& target : report.targets) fwprobe::checks::conclude(target, *target.settings);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto report = read_report({reinterpret_cast<const char*>(data), size}, "f");
  if (!report) {
    require(report.error().starts_with("f:"));
    for (const char c : report.error()) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    return 0;
  }
  judge(*report);
  const auto written = render_json(*report);
  auto again = read_report(written, "again");
  require(again.has_value());
  judge(*again);
  require(render_json(*again) == written);

  compare_with(*report, *again);
  render_json(*report);
  for (const char c : render_text(*report, {false, 80, true}))
    require(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
  return 0;
}
