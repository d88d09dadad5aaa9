#include "monitor/web/process_figures.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace fwprobe::monitor {
namespace {

void read_usage(ProcessFigures& figures) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  figures.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void read_memory(ProcessFigures& figures) {
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t size = 0, resident = 0;
  if (!(statm >> size >> resident)) return;
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  figures.virtual_bytes = size * page;
  figures.resident_bytes = resident * page;
}

std::optional<std::uint64_t> entries(const char* folder) {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator at{folder, error}, end; !error && at != end; at.increment(error))
    ++count;
  if (error || count == 0) return std::nullopt;
  return count;
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures figures;
  read_usage(figures);
  read_memory(figures);
  // The folder itself is open while it is read.
  if (const auto count = entries("/proc/self/fd")) figures.open_descriptors = *count - 1;
  figures.threads = entries("/proc/self/task");
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.most_descriptors = limit.rlim_cur;
  return figures;
}

}  // namespace fwprobe::monitor
