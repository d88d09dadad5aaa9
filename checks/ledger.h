#pragma once
// Which questions were asked, which are answered, and which connections are still free to carry another.

#include <optional>
#include <string>
#include <vector>

#include "checks/evidence.h"
#include "probe/endpoint.h"
#include "probe/measurement.h"

namespace fwprobe::checks {

/// A question to ask, and why: what was seen, and what the answer decides. The steps that every target takes
/// need no reason.
struct Planned {
  probe::Question question;
  std::string because = {};
};

class Ledger {
 public:
  Ledger(const Evidence& evidence, const std::vector<probe::Question>& asked)
      : evidence_{evidence}, asked_{asked} {}

  bool asked(const probe::Question& question) const;
  bool answered(const probe::Question& question) const;
  /// Records a question as to be asked, unless it was asked before.
  void ask(probe::Question question, std::string because = {});
  std::vector<Planned> take_new() && { return std::move(new_); }

  /// An established connection to `remote` that no question has taken.
  std::optional<probe::MeasurementId> free_connection(const probe::TcpEndpoint& remote) const;
  /// Whether a connection attempt to `remote` is in flight.
  bool connecting(const probe::TcpEndpoint& remote) const;
  /// Asks for one more connection to `remote`, unless one is in flight or the newest attempt failed.
  void connect_again(const probe::TcpEndpoint& remote, std::string because = {});
  /// Whether there are connections to `remote` and each is taken by some question.
  bool all_taken(const probe::TcpEndpoint& remote) const;
  /// Whether some question goes over this measurement's connection.
  bool taken(probe::MeasurementId id) const;

  /// Calls `visit` with every question of one kind, asked before or now.
  template <typename Q, typename Visit>
  void each(Visit visit) const {
    for (const auto& question : asked_)
      if (const auto* q = std::get_if<Q>(&question)) visit(*q);
    for (const auto& planned : new_)
      if (const auto* q = std::get_if<Q>(&planned.question)) visit(*q);
  }

 private:
  /// Established and open, taken or not.
  std::vector<probe::MeasurementId> connections(const probe::TcpEndpoint& remote) const;

  const Evidence& evidence_;
  const std::vector<probe::Question>& asked_;
  std::vector<Planned> new_;
};

/// The question that a fact answers.
probe::Question question_of(const probe::Fact& fact);
/// The measurement that a question's connection comes from; none when it opens its own.
probe::MeasurementId connection_of(const probe::Question& question);

}  // namespace fwprobe::checks
