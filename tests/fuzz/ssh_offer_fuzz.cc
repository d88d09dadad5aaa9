// Any bytes as the start of an SSH key exchange and as a host key: names within their limits, and no more of
// them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "probe/ssh_offer.h"

using namespace fwprobe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto offer = probe::read_offer(bytes);
  if (!offer && offer.error().empty()) std::abort();
  if (offer && *offer)
    for (const auto* list :
         {&(*offer)->key_exchange, &(*offer)->host_key, &(*offer)->ciphers_to_server,
          &(*offer)->ciphers_to_client, &(*offer)->macs_to_server, &(*offer)->macs_to_client}) {
      if (list->size() > 128) std::abort();
      for (const auto& name : *list)
        if (name.empty() || name.size() > 64) std::abort();
    }
  if (const auto key = probe::read_host_key(bytes); key && (key->type.empty() || key->bits < 0)) std::abort();
  return 0;
}
