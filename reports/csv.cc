// CSV (RFC 4180): a row for each finding, every field in quotes.

#include <fmt/format.h>

#include "reports/escape.h"
#include "reports/layers.h"
#include "reports/test_cases.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

class Row {
 public:
  Row& operator<<(std::string_view field) {
    text_ += (text_.empty() ? "" : ",") + csv_field(field);
    return *this;
  }
  std::string take() && { return text_ + "\r\n"; }

 private:
  std::string text_;
};

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : " ") + text;
  return all;
}

}  // namespace

std::string render_csv(const Report& report, const RenderOptions& options) {
  Row head;
  for (const std::string_view name :
       {"run", "started", "vantage", "site", "target", "target_status", "root_cause", "where", "check",
        "subject", "status", "cause", "summary", "remedy", "seconds"})
    head << name;
  auto text = std::move(head).take();
  for (const auto& target : report.targets) {
    const auto* diagnosis = trouble(target);
    for (const auto& test : test_cases(target, options)) {
      const auto& finding = test.finding;
      Row row;
      row << report.run_id << rfc3339(report.started) << report.vantage.host
          << report.vantage.site.value_or("") << target.target.text() << checks::name(target.status)
          << (diagnosis ? checks::code_of(diagnosis->cause) : "")
          << (diagnosis ? where_text(diagnosis->location) : std::string{}) << checks::name(finding.check)
          << finding.subject << checks::name(finding.status) << checks::code_of(finding.cause)
          << finding.summary << joined(finding.remedy)
          << fmt::format("{:.6f}", milliseconds(test.took) / 1e3);
      text += std::move(row).take();
    }
  }
  return text;
}

}  // namespace fwprobe::reports
