#include "checks/path_view.h"

#include <algorithm>

namespace fwprobe::checks {

using probe::PathFlow;
using probe::PathTrace;
using probe::StepAnswer;

PathView::PathView(const Evidence& evidence, const probe::TcpEndpoint& remote, PathFlow flow)
    : destination_{remote.address()} {
  for (const auto& trace : evidence.all<PathTrace>()) {
    const auto& question = trace->question;
    if (question.remote.address() != destination_) continue;
    const bool own = question.remote == remote && question.flow == flow;
    // The ClientHello of another name is the next one's question, not this one's control.
    if (!own && question.flow == PathFlow::client_hello) continue;
    (own ? own_ : controls_).push_back(trace);
  }
}

namespace {

/// The lifetimes that tell something are shorter: where a packet that was not sent would have ended is not
/// known. A ClientHello needs a connection of its own, which may fail for one and not for the next.
int first_not_sent(const PathTrace& trace) {
  const auto at = std::ranges::find(trace.steps, StepAnswer::not_sent, &probe::PathStep::answer);
  const bool whole = at == trace.steps.end() || trace.question.flow == PathFlow::client_hello;
  return whole ? trace.question.hops + 1 : at->lifetime;
}

/// Visits the steps of all traces.
template <typename Traces, typename Visit>
void each_step(const Traces& traces, Visit visit) {
  for (const auto& trace : traces) {
    const auto end = first_not_sent(*trace.fact);
    for (const auto& step : trace->steps)
      if (step.lifetime < end) visit(step);
  }
}

std::optional<int> smallest(std::optional<int> a, int b) { return a ? std::min(*a, b) : b; }

}  // namespace

std::optional<asio::ip::address> PathView::router(const Traces& traces, int lifetime) {
  std::optional<asio::ip::address> found;
  each_step(traces, [&](const auto& step) {
    if (!found && step.lifetime == lifetime && step.answer == StepAnswer::expired && step.icmp)
      found = step.icmp->sender;
  });
  return found;
}

std::optional<probe::TransportFailure> PathView::not_sent(int lifetime) const {
  for (const auto& trace : own_)
    for (const auto& step : trace->steps)
      if (step.lifetime == lifetime && first_not_sent(*trace.fact) == lifetime && step.failure)
        return step.failure;
  return {};
}

Hop PathView::last_expired() const {
  Hop last;
  each_step(own_, [&](const auto& step) {
    if (step.answer == StepAnswer::expired) last.number = std::max(last.number, step.lifetime);
  });
  if (last.number == 0) return last;
  last.address = router(own_, last.number);
  // On an established connection the kernel does not keep who said it; the SYNs went the same way.
  if (!last.address) last.address = router(controls_, last.number);
  return last;
}

std::optional<int> PathView::nearest(StepAnswer answer) const {
  std::optional<int> nearest;
  each_step(own_, [&](const auto& step) {
    if (step.answer == answer) nearest = smallest(nearest, step.lifetime);
  });
  return nearest;
}

bool PathView::expired_at(int lifetime) const {
  bool expired = lifetime == 0;
  each_step(own_, [&](const auto& step) {
    expired = expired || (step.lifetime == lifetime && step.answer == StepAnswer::expired);
  });
  return expired;
}

std::optional<Hop> PathView::stays() const {
  constexpr int suspicious = 3;
  const auto last = last_expired();
  if (!last.address) return {};
  int first = last.number;
  while (first > 1 && router(own_, first - 1) == last.address) --first;
  if (last.number - first + 1 < suspicious) return {};
  return Hop{first, last.address};
}

bool PathView::ran_out() const {
  const auto last = last_expired().number;
  return std::ranges::any_of(own_, [&](const auto& trace) { return last >= trace->question.hops; });
}

std::optional<Hop> PathView::loop() const {
  if (stays()) return {};
  // Three visits: a router may answer twice in a row without a loop (a device that forwards with a lifetime
  // of 0, or two of its addresses).
  constexpr int visits = 3;
  for (const auto& trace : own_) {
    if (last_expired().number < trace->question.hops) return {};
    for (const auto& step : trace->steps) {
      if (step.answer != StepAnswer::expired || !step.icmp) continue;
      const auto count = std::ranges::count_if(trace->steps, [&](const auto& other) {
        return other.answer == StepAnswer::expired && other.icmp && other.icmp->sender == step.icmp->sender;
      });
      if (count >= visits) return Hop{step.lifetime, step.icmp->sender};
    }
  }
  return {};
}

std::optional<int> PathView::hop_of(const asio::ip::address& device) const {
  std::optional<int> expired, refused;
  for (const auto* traces : {&own_, &controls_})
    each_step(*traces, [&](const auto& step) {
      if (!step.icmp || step.icmp->sender != device) return;
      if (step.answer == StepAnswer::expired) expired = smallest(expired, step.lifetime);
      if (step.answer == StepAnswer::unreachable && traces == &own_)
        refused = smallest(refused, step.lifetime);
    });
  if (expired) return expired;
  return refused && expired_at(*refused - 1) ? refused : std::nullopt;
}

std::optional<asio::ip::address> PathView::control_router(int lifetime) const {
  return router(controls_, lifetime);
}

bool PathView::control_passes(int lifetime) const {
  bool passes = false;
  each_step(controls_, [&](const auto& step) {
    passes = passes || (step.lifetime > lifetime && step.answer == StepAnswer::expired);
  });
  const auto server = server_distance();
  return passes || (server && *server > lifetime);
}

bool PathView::control_tries(int lifetime) const {
  bool tries = false;
  each_step(controls_, [&](const auto& step) { tries = tries || step.lifetime > lifetime; });
  return tries;
}

std::optional<int> PathView::server_distance() const {
  std::optional<int> nearest;
  each_step(controls_, [&](const auto& step) {
    const bool by_itself =
        step.answer == StepAnswer::accepted ||
        (step.answer == StepAnswer::unreachable && step.icmp && step.icmp->sender == destination_);
    if (by_itself) nearest = smallest(nearest, step.lifetime);
  });
  return nearest;
}

bool PathView::same_way_until(int lifetime) const {
  for (int hop = 1; hop <= lifetime; ++hop) {
    const auto ours = router(own_, hop);
    const auto theirs = router(controls_, hop);
    if (ours && theirs && ours != theirs) return false;
  }
  return true;
}

std::vector<probe::MeasurementId> PathView::ids() const {
  std::vector<probe::MeasurementId> all;
  for (const auto* traces : {&own_, &controls_})
    for (const auto& trace : *traces) all.push_back(trace.id);
  return all;
}

}  // namespace fwprobe::checks
