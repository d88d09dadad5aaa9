// Any text as a URL, a host and a reference: what is accepted is normal, and stays so when it is read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "probe/url.h"

namespace {

using namespace fwprobe::probe;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_normal(const Host& host) {
  require(host.name.size() <= 253 || host.name.empty());
  require(host.name.find_first_of(std::string_view{"\0 /?#@[]%\\\r\n", 11}) == std::string_view::npos);
  require(!host.name.ends_with('.'));
  if (host.address) require(host.address->to_string() == host.name);
  // What a client would take for an address is never called a name.
  if (!host.address) require(!lenient_ipv4(host.name));
}

void require_normal(const Url& url) {
  require_normal(url.host);
  const auto text = url.text();
  require(text.size() <= 8 * 1024);
  for (const char c : text) require(c > ' ' && c < 0x7f);
  if (url.host.name.empty()) return;
  require(url.path.starts_with('/'));
  auto again = parse_url(text);
  require(again.has_value());
  again->has_userinfo = url.has_userinfo;
  require(*again == url);
  require(again->text() == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto url = parse_url(text))
    require_normal(*url);
  else
    require(!url.error().message.empty());
  if (const auto host = parse_host(text)) {
    require(!host->name.empty());
    require_normal(*host);
    require(parse_host(host->name) == *host);
  }
  static const auto base = *parse_url("https://host.example:8443/a/b;c?q=1");
  if (const auto url = resolve(base, text)) require_normal(*url);
  return 0;
}
