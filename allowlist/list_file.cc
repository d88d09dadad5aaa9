#include "allowlist/list_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fwprobe::allowlist {

ListFile::ListFile(int descriptor, std::chrono::year_month_day written)
    : descriptor_{descriptor}, written_{written} {}

ListFile::ListFile(ListFile&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, written_{other.written_}, size_{other.size_} {}

ListFile::~ListFile() {
  if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

std::expected<ListFile, int> ListFile::open(const std::string& path) {
  using namespace std::chrono;
  const int descriptor = path == standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::unexpected{errno};
  ListFile file{descriptor, {}};
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return std::unexpected{errno};
  if (S_ISDIR(status.st_mode)) return std::unexpected{EISDIR};
  file.written_ = floor<days>(sys_seconds{seconds{status.st_mtim.tv_sec}});
  if (S_ISREG(status.st_mode)) file.size_ = static_cast<std::size_t>(status.st_size);
  ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  return file;
}

std::expected<std::size_t, int> ListFile::read(std::string& text, std::size_t bytes) {
  const auto before = text.size();
  text.resize(before + bytes);
  std::size_t got = 0;
  while (got < bytes) {
    const auto count = ::read(descriptor_, text.data() + before + got, bytes - got);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected{errno};
    if (count == 0) break;
    got += static_cast<std::size_t>(count);
  }
  text.resize(before + got);
  return got;
}

bool is_special_file(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

std::expected<std::string, int> read_all(ListFile& file) {
  constexpr std::size_t usual = 256 * 1024;
  // A file at once, and its end is seen; of a pipe the size is not known.
  auto piece = file.size() > 0 ? std::min(file.size(), most_bytes) + 1 : usual;
  std::string text;
  while (text.size() <= most_bytes) {
    const auto got = file.read(text, piece);
    if (!got) return std::unexpected{got.error()};
    if (*got < piece) break;
    piece = usual;
  }
  return text;
}

}  // namespace fwprobe::allowlist
