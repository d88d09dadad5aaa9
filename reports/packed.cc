#include "reports/packed.h"

#include <new>

#include <openssl/evp.h>
#include <zlib.h>

#include "probe/decompress.h"
#include "probe/secret.h"

namespace fwprobe::reports {
namespace {

std::string gzip(std::string_view bytes) {
  constexpr int gzip_window = 15 + 16;  // zlib.h: 16 more asks for the gzip format
  constexpr int memory_level = 8;
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc{};
  std::string out(::deflateBound(&stream, bytes.size()), '\0');
  // zlib reads through this pointer only; its type is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);  // all at once: the output has room for it, deflateBound()
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

}  // namespace

std::string packed(std::string_view bytes) { return probe::base64(gzip(bytes)); }

std::optional<std::string> unpacked(std::string_view text, std::size_t limit) {
  const auto compressed = from_base64(text);
  if (!compressed) return std::nullopt;
  probe::Inflater inflater{probe::Coding::gzip, limit};
  std::string bytes;
  if (!inflater.write(*compressed, bytes) || !inflater.finished()) return std::nullopt;
  return bytes;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const auto size =
      ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  // EVP_DecodeBlock(3) skips white space and counts the padding as bytes.
  if (size != static_cast<int>(bytes.size())) return std::nullopt;
  for (std::size_t padding = 0; padding < 2 && text.ends_with('='); ++padding) {
    text.remove_suffix(1);
    bytes.pop_back();
  }
  return bytes;
}

}  // namespace fwprobe::reports
