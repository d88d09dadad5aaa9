#include "reports/archive.h"

#include <fmt/format.h>

#include "reports/packed.h"

namespace fwprobe::reports {

std::string Place::pointer() const {
  if (above == nullptr) return {};
  if (is_element) return fmt::format("{}/{}", above->pointer(), index);
  return fmt::format("{}/{}", above->pointer(), key);
}

void Reading::fail(const Place& place, std::string_view what) {
  const auto pointer = place.pointer();
  if (!error_) error_ = fmt::format("{}{}{}", pointer, pointer.empty() ? "" : ": ", what);
}

const Document* Reader::required(const char* key) {
  if (reading_.failed()) return nullptr;
  const auto at = object_.find(key);
  if (at != object_.end()) return &*at;
  refuse(key, "is missing");
  return nullptr;
}

void Reader::read_bytes(const char* key, std::string& value) {
  const auto name = bytes_key(key);
  const auto at = object_.find(name);
  if (at == object_.end()) return;
  std::string text;
  read(*at, place_of(name.c_str()), text);
  if (reading_.failed()) return;
  auto bytes = from_base64(text);
  if (!bytes) return refuse(name.c_str(), "is not Base64 (RFC 4648)");
  value = std::move(*bytes);
}

}  // namespace fwprobe::reports
