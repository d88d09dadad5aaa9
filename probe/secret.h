#pragma once
// The one type in which tokens and passwords live. It cannot be printed, compared or formatted.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fwprobe::probe {

/// Overwrites memory in a way that the compiler may not leave out.
void overwrite(void* memory, std::size_t bytes) noexcept;

/// Overwrites what it gives back, so that every copy, move and reassignment of a container leaves nothing
/// behind.
template <typename T>
struct OverwritingAllocator {
  using value_type = T;
  OverwritingAllocator() = default;
  template <typename U>
  explicit OverwritingAllocator(const OverwritingAllocator<U>&) noexcept {}
  T* allocate(std::size_t count) { return std::allocator<T>{}.allocate(count); }
  void deallocate(T* memory, std::size_t count) noexcept {
    overwrite(memory, count * sizeof(T));
    std::allocator<T>{}.deallocate(memory, count);
  }
  bool operator==(const OverwritingAllocator&) const = default;
};

/// What stands in a text where a secret was.
inline constexpr std::string_view blanked = "<blanked>";

/// A token, password or passphrase. `expose()` is called only where bytes go on the wire; the memory is
/// overwritten when the value ends.
class Secret {
 public:
  Secret() = default;
  /// `value` is overwritten too; a caller who keeps a copy of it keeps it himself.
  explicit Secret(std::string value);

  bool empty() const { return value_.empty(); }
  std::string_view expose() const { return {value_.data(), value_.size()}; }

  /// Blanks every occurrence of this secret in `text`: as it is, percent-encoded (any of its bytes, RFC 3986
  /// §2.1), with backslashes (JSON), and inside Base64, alone or behind a user name (how it travels, RFC 7617
  /// §2). A text that was cut off inside the secret loses that beginning of it too, from four bytes on. A
  /// server that echoes a credential must not get it into a report.
  void scrub(std::string& text) const;

 private:
  // Not a string: a short one lives inside the object itself, where a move would leave it behind.
  std::vector<char, OverwritingAllocator<char>> value_;
};

/// RFC 7617 §2: the value of an `Authorization: Basic` header, without the scheme.
std::string basic_credentials(std::string_view user, const Secret& password);

/// RFC 4648 §4.
std::string base64(std::string_view bytes);

}  // namespace fwprobe::probe
