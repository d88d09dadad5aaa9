#pragma once
// Where a list comes from: a file, a pipe, or standard input.

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace fwprobe::allowlist {

inline constexpr std::string_view standard_input = "-";
/// No published list comes near; what is larger is refused.
inline constexpr std::size_t most_bytes = 50 * 1024 * 1024;

/// An open file, read in pieces. Errors are errno.
class ListFile {
 public:
  /// `path` may be standard_input.
  static std::expected<ListFile, int> open(const std::string& path);
  ListFile(ListFile&& other) noexcept;
  ListFile& operator=(ListFile&&) = delete;
  ~ListFile();

  /// Appends what comes next, at most `bytes`; less only at the end of the file. Gives how much it was.
  std::expected<std::size_t, int> read(std::string& text, std::size_t bytes);
  /// In bytes, when it is a file; 0 of a pipe.
  std::size_t size() const { return size_; }
  /// When its content was last written; of a pipe, about now.
  std::chrono::year_month_day written() const { return written_; }

 private:
  ListFile(int descriptor, std::chrono::year_month_day written);
  int descriptor_;
  std::chrono::year_month_day written_;
  std::size_t size_ = 0;
};

/// Whether `path` is there and no regular file, as no list is that fwprobe keeps itself.
bool is_special_file(const std::string& path);

/// All of it, or its first most_bytes + 1 bytes, which show that it is too large.
std::expected<std::string, int> read_all(ListFile& file);

}  // namespace fwprobe::allowlist
