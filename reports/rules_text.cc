#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/rules_entries.h"
#include "reports/rules_report.h"

namespace fwprobe::reports {
namespace {

using checks::EntryVerdict;
using checks::Status;

std::string headline(const RulesAnswer& answer) {
  const auto total = answer.verdict.entries.size() - answer.verdict.count(EntryVerdict::skipped);
  const auto allowed = answer.verdict.count(EntryVerdict::allowed);
  const auto unknown = answer.verdict.count(EntryVerdict::unknown);
  constexpr std::string_view words[] = {"SKIP", "PASS", "WARN", "FAIL", "CANNOT TELL"};
  auto text =
      fmt::format("{}  {} of {} entries of {} get through", words[static_cast<std::size_t>(status(answer))],
                  allowed, total, rule_text(answer.list));
  if (!answer.service.empty()) text += " to " + answer.service;
  if (total - allowed - unknown > 0) text += fmt::format("; {} do not", total - allowed - unknown);
  if (unknown > 0) text += fmt::format("; {} cannot be told", unknown);
  return text + "\n";
}

std::string list(std::string_view title, const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  auto text = fmt::format("\n{}\n", title);
  for (std::size_t i = 0; i < std::min(lines.size(), most_listed); ++i)
    text += "  " + rule_text(lines[i]) + "\n";
  if (lines.size() > most_listed) text += fmt::format("  … and {} more\n", lines.size() - most_listed);
  return text;
}

std::string stale(const RulesAnswer& answer) {
  if (!answer.stale) return {};
  return fmt::format("\n{}: {}\n", row(*answer.stale->cause).code, rule_text(answer.stale->summary));
}

std::string number_of(const allowlist::AddressCount& count, std::string_view what) {
  const bool one = count == allowlist::AddressCount{1};
  return fmt::format("{} {}{}", count.text(), what, one ? "" : "es");
}

std::string excess(const RulesAnswer& answer) {
  if (answer.verdict.excess_addresses == allowlist::AddressCount{}) return {};
  std::vector<std::string> lines;
  if (answer.verdict.excess.empty()) lines.emplace_back("no rule stops anything");
  for (const auto& one : answer.verdict.excess)
    lines.push_back(fmt::format("{}: {} ({})", number_of(one.addresses, "address"), one.rule,
                                fmt::join(one.prefixes, ", ")));
  return list(fmt::format("Lets through {} beyond the list (allowlist.rule_too_broad)",
                          number_of(answer.verdict.excess_addresses, "public address")),
              lines);
}

std::string remedy(const checks::RulesRemedy& one) {
  auto text = fmt::format("  {}\n", rule_text(checks::sentence(one.flow)));
  if (!one.rules) return text;
  text += fmt::format("  As {}{}{}:\n", one.rules->title, one.position.empty() ? "" : ", ", one.position);
  for (std::string_view rest = one.rules->text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    text += fmt::format("    {}\n", rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return text;
}

std::string remedies(const RulesAnswer& answer) {
  const auto& advice = answer.verdict.advice;
  if (advice.remedies.empty() && advice.left.empty()) return {};
  std::string text = "\nWhat to do\n";
  for (const auto& one : advice.remedies) text += remedy(one);
  if (advice.left.empty()) return text;
  text += fmt::format("  {}: {}\n",
                      advice.remedies.empty() ? "There is no advice for this"
                                              : "Even then it is not sure that this gets through",
                      some_of(advice.left));
  for (const auto& rule : advice.left_by) text += fmt::format("    {}\n", rule_text(rule));
  return text;
}

}  // namespace

Status status(const RulesAnswer& answer) {
  using enum EntryVerdict;
  const auto& verdict = answer.verdict;
  const auto asked = verdict.entries.size() - verdict.count(skipped);
  if (verdict.count(allowed) + verdict.count(unknown) < asked) return Status::fail;
  if (verdict.count(unknown) > 0 || asked == 0) return Status::error;
  return verdict.excess_addresses == allowlist::AddressCount{} && !answer.stale ? Status::pass : Status::warn;
}

std::string rules_text(const RulesAnswer& answer) {
  return headline(answer) + "\n" + rules_entries(answer.verdict.entries) + stale(answer) + excess(answer) +
         list("Never matches, as earlier rules take everything", answer.verdict.shadowed) +
         list("Read and not judged", answer.verdict.notes) + remedies(answer);
}

}  // namespace fwprobe::reports
