#include "monitor/schedule.h"

#include <algorithm>
#include <chrono>

namespace fwprobe::monitor {
namespace {

using probe::Clock;

constexpr Clock::duration first_recheck = std::chrono::seconds{1};

/// FNV-1a, and the last step of MurmurHash3, which spreads ids that differ in a digit only.
std::uint64_t hash_of(std::string_view id, std::uint64_t round) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ round;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccdU;
  hash = (hash ^ (hash >> 33U)) * 0xc4ceb9fe1a85ec53U;
  return hash ^ (hash >> 33U);
}

/// The same for the same id and round: at least 0, less than 1.
double place(std::string_view id, std::uint64_t round) {
  constexpr int digits = 53;  // of a double
  return static_cast<double>(hash_of(id, round) >> (64 - digits)) / static_cast<double>(1ULL << digits);
}

Clock::duration part(std::chrono::milliseconds interval, double share) {
  return std::chrono::duration_cast<Clock::duration>(interval * share);
}

}  // namespace

Due first_due(const Watched& watched, Clock::time_point start) {
  const auto at = start + part(watched.interval, place(watched.id, 0));
  return {at, at, 0};
}

Due next_due(const Watched& watched, const std::optional<Candidate>& candidate, double jitter, Due last,
             Clock::time_point now) {
  auto regular = last;
  do {
    ++regular.round;
    regular.rhythm += std::max(watched.interval, std::chrono::milliseconds{1});
    regular.at = regular.rhythm + part(watched.interval, jitter * (place(watched.id, regular.round) - 0.5));
  } while (regular.at <= now);
  if (!candidate) return regular;
  constexpr int longest_shift = 20;  // more than any interval
  const auto recheck = now + first_recheck * (1 << std::clamp(candidate->rechecks - 1, 0, longest_shift));
  return recheck < regular.at ? Due{recheck, last.rhythm, last.round} : regular;
}

Clock::duration beat(const Plan& plan) {
  Clock::duration beat = std::chrono::seconds{1};
  for (const auto& watched : plan.targets) beat = std::min<Clock::duration>(beat, watched.interval / 20);
  return std::max<Clock::duration>(beat, std::chrono::milliseconds{1});
}

Clock::time_point on_beat(Clock::time_point due, Clock::duration beat) {
  if (due > Clock::time_point::max() - beat) return due;
  const auto behind = due.time_since_epoch() % beat;
  return behind == Clock::duration::zero() ? due : due - behind + beat;
}

bool is_overdue(const Watched& watched, const Due& due, Clock::time_point began) {
  return began - due.at > std::max<Clock::duration>(watched.interval / 10, std::chrono::seconds{1});
}

}  // namespace fwprobe::monitor
