#include "cli/read_input.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

namespace fwprobe::cli {

Parsed<std::string> read_input(const std::string& path, std::size_t limit) {
  struct Close {
    void operator()(std::FILE* file) const {
      if (file != stdin) std::fclose(file);
    }
  };
  const std::unique_ptr<std::FILE, Close> file{path == standard_input ? stdin
                                                                      : std::fopen(path.c_str(), "rbe")};
  const auto failed = [&] {
    return std::unexpected{fmt::format("{}: {}", path, std::generic_category().message(errno))};
  };
  if (!file) return failed();
  std::string content;
  std::array<char, 64 * 1024> buffer{};
  while (content.size() <= limit) {
    const auto count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    content.append(buffer.data(), count);
    if (std::ferror(file.get()) != 0) return failed();
    if (count == 0) break;
  }
  return content;
}

}  // namespace fwprobe::cli
