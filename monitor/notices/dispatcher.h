#pragma once
// Which message goes to which receiver now, and what its fate means for the next one. Sends nothing itself.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "monitor/notices/alertmanager.h"
#include "monitor/notices/retry.h"

namespace fwprobe::monitor {

struct Moment {
  probe::WallClock::time_point wall;
  probe::Clock::time_point steady;
};

/// To be sent as it is. Of its own, so that a reload does not take anything from under it.
struct Message {
  Receiver receiver;
  std::string body;
  std::vector<std::int64_t> notices;                 ///< that it tells
  std::vector<std::pair<std::string, bool>> alerts;  ///< that it tells: key, and whether it has ended
};

/// What becomes of the notices that a message told.
struct Settled {
  std::vector<std::int64_t> done;
  std::vector<std::int64_t> again;
  probe::Clock::duration retry_in{};  ///< of `again`
};

class Dispatcher {
 public:
  struct Round {
    std::vector<Message> messages;
    std::vector<std::int64_t> lost;  ///< notices for receivers that are no more, or that cannot be read
  };

  /// Whether the queue can hold anything for a receiver that may be told something now.
  bool looks_at_queue(const Notices& notices, probe::Clock::time_point now) const;

  /// `waiting`: what is due until now + group_wait. One message for each receiver that has none under way and
  /// is not backing off: all that waits for it, as soon as the oldest is due. Messages that follow one
  /// another closely come at growing distances, up to `longest_gap`.
  Round next(const Board& board, const std::vector<QueuedNotice>& waiting, Moment now);

  /// The message's fate. `jitter` from 0 to 1.
  Settled settle(const Message& message, const Attempt& attempt, probe::Clock::time_point now, double jitter);

  static constexpr std::chrono::minutes longest_gap{5};

 private:
  struct Told {
    probe::Clock::time_point at;
    bool ended = false;
  };
  struct Desk {
    bool busy = false;
    int failures = 0;  ///< in a row
    probe::Clock::time_point not_before{};
    probe::Clock::duration gap{};        ///< to the next message
    probe::Clock::time_point last{};     ///< message that was taken
    std::map<std::string, Told> alerts;  ///< that an Alertmanager has taken, by key
  };

  static Message alerts_for(const Receiver& receiver, Desk& desk, const Board& board, Moment now);

  std::map<std::string, Desk, std::less<>> desks_;
};

}  // namespace fwprobe::monitor
