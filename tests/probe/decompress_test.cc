#include "probe/decompress.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace fwprobe::probe {
namespace {

constexpr int gzip = MAX_WBITS + 16;
constexpr int zlib_wrapped = MAX_WBITS;
constexpr int raw = -MAX_WBITS;
constexpr std::size_t limit = 1 << 20;

std::string compressed(std::string_view text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string result(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

struct Decoded {
  std::string text;
  bool finished = false;
  std::optional<DecodeError> error;
  bool operator==(const Decoded&) const = default;
};

/// In pieces of `step` bytes, as a network would bring them.
Decoded decode(std::string_view encoding, std::string_view bytes, std::size_t step,
               std::size_t most = limit) {
  auto decoder = ContentDecoder::from(encoding, most);
  EXPECT_TRUE(decoder) << encoding;
  Decoded result;
  for (std::size_t at = 0; at < bytes.size() && !result.error; at += step)
    if (const auto done = decoder->write(bytes.substr(at, step), result.text); !done)
      result.error = done.error();
  result.finished = decoder->finished();
  return result;
}

std::string some_text() {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919 % 10007) + ' ';
  return text;
}

TEST(Decoder, ReadsWhatServersCallGzipAndDeflate) {
  const auto text = some_text();
  const struct {
    const char* name;
    const char* encoding;
    std::string bytes;
    std::string text;
  } cases[] = {
      {"gzip", "gzip", compressed(text, gzip), text},
      {"gzip by its old name, in capitals", "X-GZIP", compressed(text, gzip), text},
      {"deflate with zlib's wrapper, as RFC 9110 has it", "deflate", compressed(text, zlib_wrapped), text},
      {"deflate without it, as some servers send it", "deflate", compressed(text, raw), text},
      {"deflate that is gzip", "deflate", compressed(text, gzip), text},
      {"an empty text", "gzip", compressed("", gzip), ""},
      {"an empty raw stream of two bytes", "deflate", compressed("", raw), ""},
      {"identity", "identity", text, text},
      {"no coding", "", text, text},
      {"identity beside gzip", "identity, gzip", compressed(text, gzip), text},
      {"two codings, undone from the last", "deflate, gzip", compressed(compressed(text, zlib_wrapped), gzip),
       text},
      {"gzip twice", "gzip,gzip", compressed(compressed(text, gzip), gzip), text},
      {"several members", "gzip", compressed("one ", gzip) + compressed("two", gzip), "one two"},
      {"padding behind the end", "gzip", compressed("one", gzip) + std::string(9, '\0'), "one"},
      {"rubbish behind the end", "deflate", compressed("one", zlib_wrapped) + "rubbish", "one"},
      {"one byte behind the end", "gzip", compressed("one", gzip) + "\x1f", "one"},
  };
  for (const auto& row : cases) {
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{4096}, std::size_t{1} << 20}) {
      const auto decoded = decode(row.encoding, row.bytes, step);
      EXPECT_EQ(decoded.text, row.text) << row.name << ", step " << step;
      EXPECT_TRUE(decoded.finished && !decoded.error) << row.name << ", step " << step;
    }
  }
}

TEST(Decoder, SaysWhenTheStreamIsNotWhatWasAnnounced) {
  const auto good = compressed(some_text(), gzip);
  auto wrong_checksum = good;
  wrong_checksum[wrong_checksum.size() - 8] ^= 1;
  const struct {
    const char* name;
    const char* encoding;
    std::string bytes;
  } cases[] = {
      {"plain text called gzip", "gzip", "<html>not compressed</html>"},
      {"zlib called gzip", "gzip", compressed("text", zlib_wrapped)},
      {"plain text called deflate", "deflate", "\xff\xff<html>"},
      {"a wrong checksum", "gzip", wrong_checksum},
      {"gzip once where twice was announced", "gzip, gzip", good},
  };
  for (const auto& row : cases)
    EXPECT_EQ(decode(row.encoding, row.bytes, 7).error, DecodeError::corrupt) << row.name;
}

TEST(Decoder, KnowsThatAStreamWasCutOff) {
  const auto text = some_text();
  for (const int format : {gzip, zlib_wrapped, raw}) {
    const auto bytes = compressed(text, format);
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{1}, std::size_t{2}, bytes.size() / 2, bytes.size() - 1}) {
      const auto decoded = decode("deflate", std::string_view{bytes}.substr(0, length), 100);
      EXPECT_FALSE(decoded.finished) << length;
      EXPECT_FALSE(decoded.error) << length;
      EXPECT_TRUE(text.starts_with(decoded.text)) << length;
    }
  }
  const auto second = decode("gzip", compressed("one", gzip) + compressed("two", gzip).substr(0, 12), 5);
  EXPECT_FALSE(second.finished);
}

TEST(Decoder, StopsAtItsLimitAndKeepsWhatCameBefore) {
  const std::string zeros(std::size_t{64} << 20, '\0');
  const auto bomb = compressed(zeros, gzip);
  const auto once = decode("gzip", bomb, 16 * 1024);
  EXPECT_EQ(once.error, DecodeError::too_large);
  EXPECT_EQ(once.text.size(), limit);
  const auto twice = decode("gzip, gzip", compressed(bomb, gzip), 16 * 1024);
  EXPECT_EQ(twice.error, DecodeError::too_large);
  EXPECT_EQ(twice.text.size(), limit);
  const auto plain = decode("", "12345", 2, 4);
  EXPECT_EQ(plain.error, DecodeError::too_large);
  EXPECT_EQ(plain.text, "1234");
  EXPECT_FALSE(decode("gzip", compressed("1234", gzip), 1, 4).error);
}

TEST(Decoder, CountsWhatIsHiddenBetweenTwoCodings) {
  // The outer stage gives a long file name inside the inner stage's head: nothing ever comes out at the end.
  auto inner = compressed("", gzip);
  inner[3] |= 8;  // FNAME, RFC 1952 §2.3.1
  inner.insert(10, std::string(4 * limit, 'n'));
  EXPECT_EQ(decode("gzip, gzip", compressed(inner, gzip), 16 * 1024).error, DecodeError::too_large);
}

TEST(Decoder, KnowsNoOtherCodings) {
  EXPECT_EQ(ContentDecoder::from("br", limit).error(), "br");
  EXPECT_EQ(ContentDecoder::from("gzip, zstd", limit).error(), "zstd");
  EXPECT_FALSE(ContentDecoder::from("gzip, gzip, gzip", limit));
  EXPECT_TRUE(ContentDecoder::from(" , gzip ,identity,", limit));
}

}  // namespace
}  // namespace fwprobe::probe
