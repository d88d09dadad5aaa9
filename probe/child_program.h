#pragma once
// Another program, run to its end.

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fwprobe::probe {

/// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_{number} {}
  Descriptor(Descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

struct ProgramEnd {
  int status = 0;      ///< its exit status; 128 and the number of the signal that ended it
  std::string output;  ///< standard output and error, at most 64 KiB of it
};

/// Runs `command` (the program's path first) with `input` as its standard input, in the calling thread's
/// namespaces and with an environment that has no word of the user's. It is killed when the calling thread
/// ends, or after a minute. The error says what the system refused.
std::expected<ProgramEnd, std::string> run_program(const std::vector<std::string>& command,
                                                   std::string_view input);

/// The calling process is killed as soon as `parent` has ended, however that ended. Credentials that change
/// undo it (prctl(2), PR_SET_PDEATHSIG). False: the parent has ended already.
bool end_with_parent(int parent);

}  // namespace fwprobe::probe
