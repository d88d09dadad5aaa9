#include "monitor/notices/dispatcher.h"

#include <algorithm>
#include <set>

#include "monitor/notices/render.h"

namespace fwprobe::monitor {
namespace {

using probe::Clock;
using ByReceiver = std::map<std::string_view, std::vector<const QueuedNotice*>>;

const Receiver* find(const Notices& notices, std::string_view name) {
  const auto at = std::ranges::find(notices.receivers, name, &Receiver::name);
  return at == notices.receivers.end() || at->kind == ReceiverKind::alertmanager ? nullptr : &*at;
}

bool one_is_due(const std::vector<const QueuedNotice*>& waiting, probe::WallClock::time_point now) {
  return std::ranges::any_of(waiting, [&](const auto* one) { return one->notice.next_attempt <= now; });
}

std::string render(const Receiver& receiver, std::vector<Event> events, const Board& board, Moment now) {
  const auto digest = digest_of(std::move(events));
  return receiver.kind == ReceiverKind::slack ? render_slack(digest, board)
                                              : render_webhook(digest, board, receiver.name, now.wall);
}

}  // namespace

bool Dispatcher::looks_at_queue(const Notices& notices, Clock::time_point now) const {
  bool all_wait = false;
  for (const auto& receiver : notices.receivers) {
    if (receiver.kind == ReceiverKind::alertmanager) continue;
    const auto at = desks_.find(receiver.name);
    if (at == desks_.end() || (!at->second.busy && at->second.not_before <= now)) return true;
    all_wait = true;
  }
  return !all_wait;
}

Dispatcher::Round Dispatcher::next(const Board& board, const std::vector<QueuedNotice>& waiting, Moment now) {
  const auto& notices = board.plan.notices;
  std::erase_if(desks_, [&](const auto& desk) {
    return !desk.second.busy &&
           std::ranges::find(notices.receivers, desk.first, &Receiver::name) == notices.receivers.end();
  });
  Round round;
  ByReceiver by_receiver;
  for (const auto& one : waiting) {
    if (find(notices, one.notice.receiver) != nullptr)
      by_receiver[one.notice.receiver].push_back(&one);
    else
      round.lost.push_back(one.id);
  }
  for (const auto& receiver : notices.receivers) {
    auto& desk = desks_[receiver.name];
    if (desk.busy || now.steady < desk.not_before) continue;
    if (receiver.kind == ReceiverKind::alertmanager) {
      if (auto message = alerts_for(receiver, desk, board, now); !message.alerts.empty())
        round.messages.push_back(std::move(message));
    } else if (const auto at = by_receiver.find(receiver.name);
               at != by_receiver.end() && one_is_due(at->second, now.wall)) {
      Message message{receiver, {}, {}, {}};
      std::vector<Event> events;
      for (const auto* one : at->second) {
        auto event = read_event(one->notice.payload);
        (event ? message.notices : round.lost).push_back(one->id);
        if (event) events.push_back(std::move(*event));
      }
      if (events.empty()) continue;
      message.body = render(receiver, std::move(events), board, now);
      round.messages.push_back(std::move(message));
    }
  }
  for (const auto& message : round.messages) desks_[message.receiver.name].busy = true;
  return round;
}

Message Dispatcher::alerts_for(const Receiver& receiver, Desk& desk, const Board& board, Moment now) {
  Message message{receiver, {}, {}, {}};
  std::set<std::string, std::less<>> current;
  std::vector<Alert> due;
  for (const auto& alert : alerts_of(board, receiver, now.wall)) {
    auto key = alert.key();
    const auto told = desk.alerts.find(key);
    const bool ended = alert.ended.has_value();
    const bool known = told != desk.alerts.end() && told->second.ended == ended;
    if ((!known || (!ended && told->second.at + alert_resend <= now.steady)) && due.size() < most_alerts) {
      due.push_back(alert);
      message.alerts.emplace_back(key, ended);
    }
    current.insert(std::move(key));
  }
  std::erase_if(desk.alerts, [&](const auto& told) { return !current.contains(told.first); });
  if (!due.empty()) message.body = render_alerts(due, board, now.wall);
  return message;
}

Settled Dispatcher::settle(const Message& message, const Attempt& attempt, Clock::time_point now,
                           double jitter) {
  auto& desk = desks_[message.receiver.name];
  desk.busy = false;
  Settled settled;
  if (!attempt.taken() && may_be_taken_later(attempt)) {
    settled.again = message.notices;
    settled.retry_in = retry_in(attempt, ++desk.failures, jitter);
    desk.not_before = now + settled.retry_in;
    return settled;
  }
  desk.failures = 0;
  settled.done = message.notices;
  // An Alertmanager is told again what is the case, whatever it said to it.
  for (const auto& [key, ended] : message.alerts) desk.alerts[key] = {now, ended};
  if (message.receiver.kind == ReceiverKind::alertmanager) return settled;
  const bool close = desk.last != Clock::time_point{} && now < desk.last + 2 * desk.gap;
  desk.gap = close ? std::min<Clock::duration>(2 * desk.gap, longest_gap) : std::chrono::seconds{5};
  desk.last = now;
  desk.not_before = now + desk.gap;
  return settled;
}

}  // namespace fwprobe::monitor
