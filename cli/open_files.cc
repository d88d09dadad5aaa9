#include "cli/open_files.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/resource.h>

#include "cli/usage.h"

namespace fwprobe::cli {
namespace {

constexpr std::size_t descriptors_of_the_program = 64;

}  // namespace

std::size_t descriptors(const monitor::Watched& watched) {
  const auto& settings = *watched.manner.settings;
  const bool only_connected = watched.target.scheme == checks::Scheme::tcp && watched.target.host.address &&
                              settings.trace == checks::TraceMode::never;
  return only_connected ? 1 : most_descriptors;
}

std::size_t affordable(std::size_t jobs, std::size_t descriptors_of_a_target) {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return jobs;
  const auto need = static_cast<rlim_t>(jobs * descriptors_of_a_target + descriptors_of_the_program);
  if (limit.rlim_cur < need) {
    limit.rlim_cur = std::min(limit.rlim_max, need);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= need) return jobs;
  const auto possible =
      std::max<std::size_t>(limit.rlim_cur > descriptors_of_the_program
                                ? (limit.rlim_cur - descriptors_of_the_program) / descriptors_of_a_target
                                : 0,
                            1);
  complain(
      fmt::format("{} open files are allowed (ulimit -Hn); {} targets are measured at the same time in "
                  "place of {}, for which {} are needed",
                  limit.rlim_cur, possible, jobs, need));
  return possible;
}

}  // namespace fwprobe::cli
