#pragma once
// Writes a DNS query (RFC 1035 §4.1). Pure, but for the random IDs.

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "probe/dns.h"

namespace fwprobe::probe {

/// The query message for one question, recursion desired. The error says why the name cannot be asked for.
/// No EDNS (RFC 6891): a resolver or firewall that answers FORMERR to it, or drops it, says nothing about the
/// name, and answers above 512 bytes come over TCP.
std::expected<std::vector<unsigned char>, std::string> write_query(const DnsQuestion& question,
                                                                   std::uint16_t id);

/// The first two bytes of a message, which the caller has seen to be there.
inline std::uint16_t id_of(const unsigned char* message) {
  return static_cast<std::uint16_t>(message[0] << 8 | message[1]);
}
inline void set_id(std::vector<unsigned char>& message, std::uint16_t id) {
  message[0] = static_cast<unsigned char>(id >> 8);
  message[1] = static_cast<unsigned char>(id & 0xff);
}

/// Message IDs that nobody can guess (RFC 5452 §9.2): getrandom(2), many at a time.
class RandomIds {
 public:
  std::uint16_t next();

 private:
  std::array<std::uint16_t, 64> ids_{};
  std::size_t used_ = ids_.size();
};

}  // namespace fwprobe::probe
