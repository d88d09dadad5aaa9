#include "probe/ssh_offer.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "probe/secret.h"
#include "probe/sha256.h"

namespace fwprobe::probe {
namespace {

constexpr std::size_t longest_packet = 35'000;  // RFC 4253 §6.1: what every implementation must take
constexpr std::size_t longest_name = 64;        // RFC 4251 §6
constexpr std::size_t most_names = 128;         // OpenSSH knows about 30 for the longest list
constexpr std::size_t cookie = 16;

enum Message : std::uint8_t { disconnect = 1, ignore = 2, debug = 4, kexinit = 20 };  // RFC 4250 §4.1.2

/// Takes values from the front of bytes; after the first that is not there it gives nothing more.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : left_{bytes} {}

  std::optional<std::string_view> take(std::size_t count) {
    if (left_.size() < count) return std::nullopt;
    const auto taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  std::optional<std::uint8_t> byte() {
    const auto one = take(1);
    if (!one) return std::nullopt;
    return static_cast<std::uint8_t>(one->front());
  }
  std::optional<std::uint32_t> number() {
    const auto four = take(4);
    if (!four) return std::nullopt;
    std::uint32_t value = 0;
    for (const char byte : *four) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
  }
  /// A length and as many bytes (RFC 4251 §5).
  std::optional<std::string_view> string() {
    const auto length = number();
    if (!length) return std::nullopt;
    return take(*length);
  }
  bool empty() const { return left_.empty(); }

 private:
  std::string_view left_;
};

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f'; });
}

/// A name-list (RFC 4251 §5).
std::expected<std::vector<std::string>, std::string> names(Cursor& payload) {
  auto text = payload.string();
  if (!text) return std::unexpected{"a list of algorithms is longer than its packet"};
  std::vector<std::string> found;
  while (!text->empty()) {
    const auto name = text->substr(0, text->find(','));
    if (!is_name(name)) return std::unexpected{"a name of an algorithm is empty, too long, or not ASCII"};
    if (found.size() == most_names) return std::unexpected{"a list holds more than 128 algorithms"};
    found.emplace_back(name);
    if (name.size() + 1 == text->size()) return std::unexpected{"a list of algorithms ends with a comma"};
    text->remove_prefix(std::min(text->size(), name.size() + 1));
  }
  return found;
}

std::expected<SshOffer, std::string> parse_kexinit(Cursor payload) {
  if (!payload.take(cookie)) return std::unexpected{"the offer ends within its cookie"};
  SshOffer offer;
  for (auto* list : {&offer.key_exchange, &offer.host_key, &offer.ciphers_to_server, &offer.ciphers_to_client,
                     &offer.macs_to_server, &offer.macs_to_client}) {
    auto found = names(payload);
    if (!found) return std::unexpected{std::move(found.error())};
    *list = std::move(*found);
  }
  // Compression and languages, both ways; then first_kex_packet_follows and a reserved number.
  for (int list = 0; list < 4; ++list)
    if (auto found = names(payload); !found) return std::unexpected{std::move(found.error())};
  if (!payload.byte() || !payload.number()) return std::unexpected{"the offer ends before its last fields"};
  return offer;
}

std::string parse_disconnect(Cursor payload) {
  const auto code = payload.number();
  const auto text = payload.string();
  constexpr std::size_t enough = 256;
  return "the server disconnects" +
         (code && text ? " (" + std::to_string(*code) + "): " + std::string{text->substr(0, enough)} : "");
}

/// The bits of a number as it stands in a key (mpint, RFC 4251 §5).
int bits_of(std::string_view number) {
  while (!number.empty() && number.front() == '\0') number.remove_prefix(1);
  if (number.empty()) return 0;
  const auto rest = static_cast<int>(number.size() - 1) * 8;
  return rest + static_cast<int>(std::bit_width(static_cast<std::uint8_t>(number.front())));
}

std::optional<int> bits_of_key(std::string_view type, Cursor key) {
  if (type == "ssh-ed25519") {
    constexpr int bits = 256;  // RFC 8709 §4
    const auto point = key.string();
    if (!point || point->size() != bits / 8) return std::nullopt;
    return bits;
  }
  if (type == "ssh-rsa" || type == "ssh-dss") {  // RFC 4253 §6.6: e, n; p, q, g, y
    if (type == "ssh-rsa" && !key.string()) return std::nullopt;
    const auto number = key.string();
    if (!number) return std::nullopt;
    return bits_of(*number);
  }
  for (const auto& [curve, bits] :
       {std::pair{"nistp256", 256}, std::pair{"nistp384", 384}, std::pair{"nistp521", 521}})
    if (type == std::string{"ecdsa-sha2-"} + curve) return bits;  // RFC 5656 §3.1
  return 0;
}

}  // namespace

std::expected<std::optional<SshOffer>, std::string> read_offer(std::string_view bytes) {
  Cursor stream{bytes};
  while (!stream.empty()) {
    const auto length = stream.number();
    if (!length) return std::nullopt;
    // The packet's own padding length, at least one byte of payload, and at least 4 bytes of padding.
    if (*length < 6 || *length > longest_packet)
      return std::unexpected{"what came is no SSH packet: its length is " + std::to_string(*length)};
    const auto packet = stream.take(*length);
    if (!packet) return std::nullopt;
    const auto padding = static_cast<std::uint8_t>(packet->front());
    if (std::size_t{padding} + 2 > packet->size())
      return std::unexpected{"what came is no SSH packet: it is nothing but padding"};
    Cursor payload{packet->substr(1, packet->size() - 1 - padding)};
    switch (const auto message = *payload.byte()) {
      case kexinit: {
        auto offer = parse_kexinit(payload);
        if (!offer) return std::unexpected{std::move(offer.error())};
        return std::optional{std::move(*offer)};
      }
      case disconnect:
        return std::unexpected{parse_disconnect(payload)};
      case ignore:
      case debug:
        continue;
      default:
        return std::unexpected{"the server begins with message " + std::to_string(message) +
                               " in place of its offer"};
    }
  }
  return std::nullopt;
}

std::optional<SshHostKey> read_host_key(std::string_view blob) {
  Cursor key{blob};
  const auto type = key.string();
  if (!type || !is_name(*type)) return std::nullopt;
  const auto bits = bits_of_key(*type, key);
  if (!bits) return std::nullopt;
  const auto digest = sha256(blob);
  auto text = base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
  while (text.ends_with('=')) text.pop_back();
  return SshHostKey{std::string{*type}, *bits, "SHA256:" + text};
}

}  // namespace fwprobe::probe
