#include "checks/ledger.h"

#include <algorithm>

namespace fwprobe::checks {

probe::Question question_of(const probe::Fact& fact) {
  return std::visit([](const auto& f) -> probe::Question { return f.question; }, fact);
}

probe::MeasurementId connection_of(const probe::Question& question) {
  return std::visit(
      [](const auto& q) -> probe::MeasurementId {
        if constexpr (requires { q.connection; }) return q.connection;
        return {};
      },
      question);
}

bool Ledger::asked(const probe::Question& question) const {
  return std::ranges::find(asked_, question) != asked_.end() ||
         std::ranges::find(new_, question, &Planned::question) != new_.end();
}

bool Ledger::answered(const probe::Question& question) const {
  return std::ranges::any_of(evidence_.measurements(),
                             [&](const auto& m) { return question_of(m.fact) == question; });
}

void Ledger::ask(probe::Question question, std::string because) {
  if (!asked(question)) new_.push_back({std::move(question), std::move(because)});
}

bool Ledger::taken(probe::MeasurementId id) const {
  const auto goes_over = [&](const probe::Question& question) { return connection_of(question) == id; };
  return std::ranges::any_of(asked_, goes_over) || std::ranges::any_of(new_, goes_over, &Planned::question);
}

std::vector<probe::MeasurementId> Ledger::connections(const probe::TcpEndpoint& remote) const {
  std::vector<probe::MeasurementId> found;
  for (const auto& attempt : evidence_.all<probe::TcpConnect>()) {
    if (attempt->question.remote != remote || attempt->question.purpose != probe::TcpPurpose::reach) continue;
    if (attempt->result && !attempt->result->early_end) found.push_back(attempt.id);
  }
  return found;
}

std::optional<probe::MeasurementId> Ledger::free_connection(const probe::TcpEndpoint& remote) const {
  const auto all = connections(remote);
  const auto free = std::ranges::find_if(all, [&](probe::MeasurementId id) { return !taken(id); });
  return free == all.end() ? std::nullopt : std::optional{*free};
}

bool Ledger::all_taken(const probe::TcpEndpoint& remote) const {
  const auto all = connections(remote);
  return !all.empty() && std::ranges::all_of(all, [&](probe::MeasurementId id) { return taken(id); });
}

bool Ledger::connecting(const probe::TcpEndpoint& remote) const {
  bool in_flight = false;
  each<probe::TcpQuestion>([&](const probe::TcpQuestion& question) {
    if (question.remote == remote && question.purpose == probe::TcpPurpose::reach && !answered(question))
      in_flight = true;
  });
  return in_flight;
}

void Ledger::connect_again(const probe::TcpEndpoint& remote, std::string because) {
  if (connecting(remote)) return;
  int attempt = 0;
  each<probe::TcpQuestion>([&](const probe::TcpQuestion& question) {
    if (question.remote == remote && question.purpose == probe::TcpPurpose::reach)
      attempt = std::max(attempt, question.attempt);
  });
  for (const auto& last : evidence_.all<probe::TcpConnect>())
    if (last->question.remote == remote && last->question.attempt == attempt && !last->result) return;
  ask(probe::TcpQuestion{remote, probe::TcpPurpose::reach, attempt + 1}, std::move(because));
}

}  // namespace fwprobe::checks
