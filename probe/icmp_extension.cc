#include "probe/icmp_extension.h"

namespace fwprobe::probe {
namespace {

using Bytes = std::span<const unsigned char>;

constexpr std::size_t header_size = 4;  ///< of the structure, of an object, and of a label stack entry
constexpr unsigned char version = 2;
constexpr unsigned char mpls_class = 1, incoming_stack = 1;  ///< RFC 4950 §3
constexpr std::size_t most_labels = 16;

std::uint32_t u16(Bytes bytes) { return std::uint32_t{bytes[0]} << 8 | bytes[1]; }

/// The Internet checksum (RFC 1071) of bytes that hold their own is 0xffff before it is inverted.
bool checksum_fits(Bytes bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += std::uint32_t{bytes[i]} << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

MplsLabel entry(Bytes bytes) {
  const auto word = u16(bytes) << 16 | u16(bytes.subspan(2));
  return {word >> 12, static_cast<std::uint8_t>(word >> 9 & 7), (word >> 8 & 1) != 0,
          static_cast<std::uint8_t>(word & 0xff)};
}

}  // namespace

std::vector<MplsLabel> mpls_labels(Bytes extension, Extension place) {
  if (extension.size() < header_size || extension[0] >> 4 != version) return {};
  const bool has_checksum = u16(extension.subspan(2)) != 0;
  if (has_checksum ? !checksum_fits(extension) : place == Extension::assumed) return {};
  std::vector<MplsLabel> labels;
  for (auto rest = extension.subspan(header_size); !rest.empty();) {
    if (rest.size() < header_size) return {};
    const auto size = u16(rest);
    if (size < header_size || size > rest.size()) return {};
    const auto body = rest.subspan(header_size, size - header_size);
    if (rest[2] == mpls_class && rest[3] == incoming_stack) {
      if (body.size() % header_size != 0) return {};
      for (std::size_t at = 0; at < body.size() && labels.size() < most_labels; at += header_size)
        labels.push_back(entry(body.subspan(at)));
    }
    rest = rest.subspan(size);
  }
  return labels;
}

}  // namespace fwprobe::probe
