// Any bytes may come from a resolver. What is read must be about the question, and bounded.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "probe/dns_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fwprobe::probe;
  for (const auto type : {DnsType::a, DnsType::aaaa}) {
    const auto lookup = read_reply({"a.test", type, {}, DnsTransport::udp}, {data, size});
    if (lookup.addresses.empty() == (lookup.status == DnsStatus::answered)) std::abort();
    for (const auto& record : lookup.addresses)
      if (record.address.is_v4() != (type == DnsType::a)) std::abort();
    if (lookup.aliases.size() > 65) std::abort();
  }
  const auto names = read_reply({"a.test", DnsType::ptr, {}, DnsTransport::udp}, {data, size});
  if (names.names.empty() == (names.status == DnsStatus::answered) || names.names.size() > 16) std::abort();
  if (!names.addresses.empty()) std::abort();
  return 0;
}
