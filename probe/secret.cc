#include "probe/secret.h"

#include <algorithm>
#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "text/ascii.h"

namespace fwprobe::probe {
namespace {

/// A shorter run of Base64 occurs by chance; and a secret that short is none.
constexpr std::size_t shortest_base64 = 8;
/// How much of a secret at the end of a cut text is still taken for it.
constexpr std::size_t shortest_beginning = 4;

/// How many characters at the start of `text` stand for the byte `c`; 0 when they do not.
std::size_t spelling_of(char c, std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] == '%' && text.size() >= 3) {
    const auto high = hex_digit(text[1]);
    const auto low = hex_digit(text[2]);
    if (high >= 0 && low >= 0 && high * 16 + low == static_cast<unsigned char>(c)) return 3;
  }
  if (text[0] == c) return 1;
  if (text[0] == '\\' && text.size() >= 2 && text[1] == c) return 2;
  return 0;
}

/// Whether nothing more of an escape that has begun can be read, because the text ends there.
bool cut_off(std::string_view text) {
  return text.empty() || text == "\\" || (text[0] == '%' && text.size() < 3);
}

/// How many characters at the start of `text` spell the secret, or its beginning when the text ends there.
std::size_t length_of(std::string_view secret, std::string_view text) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < secret.size(); ++i) {
    const auto rest = text.substr(length);
    const auto step = spelling_of(secret[i], rest);
    if (step == 0) return i >= shortest_beginning && cut_off(rest) ? text.size() : 0;
    length += step;
  }
  return length;
}

void blank(std::string& text, std::string_view secret) {
  if (secret.empty()) return;
  std::string kept;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = length_of(secret, std::string_view{text}.substr(at));
    if (length == 0) {
      ++at;
      continue;
    }
    kept.append(text, copied, at - copied).append(blanked);
    copied = at += length;
  }
  if (copied == 0) return;
  kept.append(text, copied);
  text = std::move(kept);
}

/// The Base64 characters that the secret alone decides when `before` bytes stand in front of it.
std::string inside_base64(std::string_view secret, std::size_t before) {
  std::string bytes(before, ':');
  bytes.append(secret);
  const auto first = (before * 8 + 5) / 6;
  const auto end = bytes.size() * 8 / 6;
  auto text = base64(bytes).substr(first, end - first);
  overwrite(bytes.data(), bytes.size());
  return text;
}

}  // namespace

void overwrite(void* memory, std::size_t bytes) noexcept { OPENSSL_cleanse(memory, bytes); }

Secret::Secret(std::string value) : value_(value.begin(), value.end()) {
  overwrite(value.data(), value.size());
}

void Secret::scrub(std::string& text) const {
  blank(text, expose());
  if (empty()) return;
  // With an empty user name all of it is known, the first and last characters and the padding included.
  blank(text, basic_credentials("", *this));
  // Behind a name of any length the secret begins at one of three places of a group.
  for (std::size_t before = 0; before < 3; ++before) {
    const auto encoded = inside_base64(expose(), before);
    if (encoded.size() >= shortest_base64) blank(text, encoded);
  }
}

std::string basic_credentials(std::string_view user, const Secret& password) {
  std::string pair;
  // Reserved at once, so that no smaller buffer is left behind with a part of it.
  pair.reserve(user.size() + 1 + password.expose().size());
  pair.append(user).append(":").append(password.expose());
  auto value = base64(pair);
  overwrite(pair.data(), pair.size());
  return value;
}

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock(3) ends it with a NUL
  const auto length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace fwprobe::probe
