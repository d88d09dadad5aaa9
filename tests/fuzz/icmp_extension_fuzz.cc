// Any router, or whoever forges its answer, writes the extension of an ICMP error. What is read is bounded,
// and what is only assumed to be one is never believed more than what is announced.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "probe/icmp_extension.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fwprobe::probe;
  const auto announced = mpls_labels({data, size}, Extension::announced);
  const auto assumed = mpls_labels({data, size}, Extension::assumed);
  if (announced.size() > 16 || (!assumed.empty() && assumed != announced)) std::abort();
  for (const auto& entry : announced)
    if (entry.label >= 1U << 20 || entry.exp > 7) std::abort();
  return 0;
}
