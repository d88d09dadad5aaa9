#pragma once
// FNV-1a, 32 bits (RFC 9923): the same in every version and on every machine.

#include <cstdint>

namespace fwprobe {

/// Of a range of bytes.
template <typename Bytes>
constexpr std::uint32_t fnv1a(const Bytes& bytes) {
  std::uint32_t hash = 2166136261U;
  for (const auto byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  return hash;
}

}  // namespace fwprobe
