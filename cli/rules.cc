#include "cli/rules.h"

#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

#include "checks/list_findings.h"
#include "cli/output.h"
#include "reports/rules_report.h"
#include "reports/value_text.h"

namespace fwprobe::cli {
namespace {

using checks::Status;

std::expected<std::vector<reports::RulesAnswer>, std::string> answers_of(const RulesJob& job) {
  auto questions = job.questions;
  for (auto& question : questions) question.list = &job.list;
  auto verdicts = checks::judge_rules(job.rulesets, questions);
  if (!verdicts) return std::unexpected{verdicts.error()};
  std::vector<reports::RulesAnswer> answers;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto& question = questions[i];
    reports::RulesAnswer answer;
    answer.list = job.list.name;
    answer.direction = job.list.direction;
    if (question.service)
      answer.service = reports::endpoint_text(question.service->address(), question.service->port());
    for (const auto& ruleset : job.rulesets) answer.files.push_back(ruleset.origin);
    answer.verdict = std::move((*verdicts)[i]);
    answer.stale = checks::stale_finding(job.list, question.day);
    answers.push_back(std::move(answer));
  }
  return answers;
}

ExitCode exit_code(const std::vector<reports::RulesAnswer>& answers, const RulesJob& job) {
  std::vector<Status> all;
  for (const auto& answer : answers) all.push_back(reports::status(answer));
  const auto any = [&](Status status) { return std::ranges::find(all, status) != all.end(); };
  if (any(Status::fail) || (job.strict && any(Status::warn))) return ExitCode::failed;
  return any(Status::error) ? ExitCode::not_measured : ExitCode::passed;
}

ExitCode print(const std::vector<reports::RulesAnswer>& answers, const RulesJob& job) {
  std::string text;
  if (job.format == DocumentFormat::json)
    text = reports::rules_json(answers);
  else
    for (const auto& answer : answers) text += (text.empty() ? "" : "\n") + reports::rules_text(answer);
  if (const auto written = write_all(STDOUT_FILENO, text); !written) {
    complain("standard output: " + written.error());
    return ExitCode::not_measured;
  }
  return exit_code(answers, job);
}

}  // namespace

ExitCode run_rules_verify(const RulesArguments& arguments) {
  const auto job = understand(arguments);
  if (!job) return wrong_usage(job.error().message);
  const auto answers = answers_of(*job);
  if (answers) return print(*answers, *job);
  complain(answers.error());
  return ExitCode::not_measured;
}

}  // namespace fwprobe::cli
