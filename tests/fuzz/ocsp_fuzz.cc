// Any bytes as a stapled OCSP response: without a signer whom anybody trusts, never good.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "probe/ocsp.h"
#include "probe/openssl_ptr.h"
#include "tests/support/authority.h"

using namespace fwprobe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto leaf = tests::issue({});
  static const probe::StorePtr store{X509_STORE_new()};
  const probe::CertificatesPtr presented{sk_X509_new_null()};
  X509_up_ref(leaf.certificate.get());
  sk_X509_push(presented.get(), leaf.certificate.get());
  const auto got = probe::read_stapled({data, size}, *presented, *store);
  if (got.status != probe::OcspStatus::invalid || got.detail.empty()) std::abort();
  return 0;
}
