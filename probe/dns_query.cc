#include "probe/dns_query.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/random.h>

namespace fwprobe::probe {
namespace {

constexpr std::size_t max_label = 63;  // RFC 1035 §2.3.4
constexpr std::size_t max_name = 253;  // 255 octets with the length octets of the first label and the root
constexpr unsigned char class_in = 1;

/// What stands in A-labels and in the names of services ("_ldap"); an escape (RFC 1035 §5.1) is none of it.
bool is_plain(char c) { return c > ' ' && c <= '~' && c != '\\'; }

}  // namespace

std::expected<std::vector<unsigned char>, std::string> write_query(const DnsQuestion& question,
                                                                   std::uint16_t id) {
  std::string_view rest = question.name;
  if (rest.ends_with('.')) rest.remove_suffix(1);
  if (rest.empty()) return std::unexpected{"the name is empty"};
  if (rest.size() > max_name)
    return std::unexpected{
        fmt::format("the name has {} characters, a DNS name at most {}", rest.size(), max_name)};
  if (!std::ranges::all_of(rest, is_plain))
    return std::unexpected{"the name has characters that no host name has"};

  std::vector<unsigned char> message;
  message.reserve(rest.size() + 18);
  message = {0, 0, 1 /* RD */, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  set_id(message, id);
  while (!rest.empty()) {
    const auto label = rest.substr(0, rest.find('.'));
    if (label.empty() || rest.size() == label.size() + 1)
      return std::unexpected{"the name has an empty label"};
    if (label.size() > max_label)
      return std::unexpected{fmt::format("a label of the name has {} characters, at most {} are possible",
                                         label.size(), max_label)};
    message.push_back(static_cast<unsigned char>(label.size()));
    message.insert(message.end(), label.begin(), label.end());
    rest.remove_prefix(std::min(label.size() + 1, rest.size()));
  }
  const auto type = static_cast<std::uint16_t>(question.type);
  message.insert(message.end(), {0, static_cast<unsigned char>(type >> 8),
                                 static_cast<unsigned char>(type & 0xff), 0, class_in});
  return message;
}

std::uint16_t RandomIds::next() {
  if (used_ == ids_.size()) {
    // Up to 256 bytes come whole, or not at all: getrandom(2).
    if (getrandom(ids_.data(), sizeof ids_, 0) != static_cast<ssize_t>(sizeof ids_))
      throw std::system_error{errno, std::system_category(), "getrandom"};
    used_ = 0;
  }
  return ids_[used_++];
}

}  // namespace fwprobe::probe
