// Any bytes as a certificate: what comes of them is valid UTF-8 within the limits, or nothing.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "probe/certificate.h"

using fwprobe::probe::Certificate;

namespace {

/// The JSON library throws on text that is not UTF-8.
void check_text(const std::string& text) {
  if (text.size() > 1024) std::abort();
  static_cast<void>(nlohmann::json(text).dump());
}

void check(const Certificate& certificate) {
  for (const auto* text : {&certificate.subject, &certificate.issuer, &certificate.serial,
                           &certificate.key_type, &certificate.signature, &certificate.sha256})
    check_text(*text);
  for (const auto& name : certificate.dns_names) check_text(name);
  if (certificate.dns_names.size() + certificate.ip_names.size() > 1000) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto certificate = fwprobe::probe::parse_certificate({data, size})) check(*certificate);
  return 0;
}
