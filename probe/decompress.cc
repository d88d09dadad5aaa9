#include "probe/decompress.h"

#include <algorithm>
#include <array>
#include <new>

#include <zlib.h>

#include "text/ascii.h"

namespace fwprobe::probe {
namespace {

constexpr std::size_t max_codings = 2;               // more is a bomb, not a page
constexpr std::string_view gzip_magic = "\x1f\x8b";  // RFC 1952 §2.3.1

/// RFC 1950 §2.2: method 8, a window of at most 32 KiB, and a multiple of 31.
bool is_zlib_header(unsigned char cmf, unsigned char flags) {
  return (cmf & 0x0f) == 8 && (cmf >> 4) <= 7 && (cmf * 256 + flags) % 31 == 0;
}

/// inflateInit2(3)'s windowBits for a stream that begins like this.
int window_bits(Coding coding, std::string_view head) {
  constexpr int gzip_only = MAX_WBITS + 16;
  constexpr int raw = -MAX_WBITS;
  if (coding == Coding::gzip || head == gzip_magic) return gzip_only;
  return is_zlib_header(static_cast<unsigned char>(head[0]), static_cast<unsigned char>(head[1])) ? MAX_WBITS
                                                                                                  : raw;
}

}  // namespace

struct Inflater::Stream {
  enum class State : std::uint8_t { head, data, between_members, ended };

  z_stream zlib{};
  Coding coding;
  std::size_t room;  ///< bytes that may still come out
  State state = State::head;
  std::string head;  ///< the first two bytes of the stream, or behind a member
  bool is_gzip = false;

  Stream(Coding c, std::size_t limit) : coding{c}, room{limit} {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { inflateEnd(&zlib); }

  /// Takes the two bytes by which a stream is known; false when more input is needed.
  bool read_head(std::string_view& input) {
    const auto count = std::min(gzip_magic.size() - head.size(), input.size());
    head += input.substr(0, count);
    input.remove_prefix(count);
    return head.size() == gzip_magic.size();
  }

  /// Begins a stream or a further member, with the head that was read.
  std::expected<void, DecodeError> start(std::string& output) {
    if (state == State::head) {
      is_gzip = coding == Coding::gzip || head == gzip_magic;
      if (inflateInit2(&zlib, window_bits(coding, head)) != Z_OK) throw std::bad_alloc{};
    } else if (head != gzip_magic) {
      state = State::ended;  // padding, or rubbish that no client minds
      return {};
    } else if (inflateReset(&zlib) != Z_OK) {
      throw std::bad_alloc{};
    }
    state = State::data;
    std::string_view input = head;
    auto done = decode(input, output);
    // A raw stream can end within its first two bytes.
    head.clear();
    return done;
  }

  /// Decodes from `input`, removes what was taken from it, and sees whether the stream (or member) ended.
  std::expected<void, DecodeError> decode(std::string_view& input, std::string& output) {
    // Not initialised: a body in chunks of one byte comes here for each of them.
    std::array<char, 32 * 1024> block;
    // zlib's interface predates const; it does not write to its input.
    zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    zlib.avail_in = static_cast<uInt>(input.size());
    do {
      zlib.next_out = reinterpret_cast<Bytef*>(block.data());
      zlib.avail_out = static_cast<uInt>(block.size());
      const int status = inflate(&zlib, Z_NO_FLUSH);
      if (status == Z_MEM_ERROR) throw std::bad_alloc{};
      const auto produced = block.size() - zlib.avail_out;
      output.append(block.data(), std::min(produced, room));
      if (produced > room) return std::unexpected{DecodeError::too_large};
      room -= produced;
      if (status == Z_STREAM_END) {
        state = is_gzip ? State::between_members : State::ended;
        break;
      }
      if (status != Z_OK && status != Z_BUF_ERROR) return std::unexpected{DecodeError::corrupt};
    } while (zlib.avail_out == 0);  // else the input is used up
    input.remove_prefix(input.size() - zlib.avail_in);
    return {};
  }
};

Inflater::Inflater(Coding coding, std::size_t limit) : stream_{std::make_unique<Stream>(coding, limit)} {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

bool Inflater::finished() const {
  return stream_->state == Stream::State::ended || stream_->state == Stream::State::between_members;
}

std::expected<void, DecodeError> Inflater::write(std::string_view input, std::string& output) {
  auto& stream = *stream_;
  using enum Stream::State;
  while (!input.empty() && stream.state != ended) {
    if (stream.state == data) {
      if (auto done = stream.decode(input, output); !done) return done;
    } else if (stream.read_head(input)) {
      if (auto done = stream.start(output); !done) return done;
    }
  }
  return {};
}

std::expected<ContentDecoder, std::string> ContentDecoder::from(std::string_view content_encoding,
                                                                std::size_t limit) {
  ContentDecoder decoder{limit};
  while (!content_encoding.empty()) {
    const auto comma = content_encoding.find(',');
    const auto name = trimmed(content_encoding.substr(0, comma));
    content_encoding.remove_prefix(comma == std::string_view::npos ? content_encoding.size() : comma + 1);
    if (name.empty() || equal_ignoring_case(name, "identity")) continue;
    const bool gzip = equal_ignoring_case(name, "gzip") || equal_ignoring_case(name, "x-gzip");
    if (!gzip && !equal_ignoring_case(name, "deflate")) return std::unexpected{std::string{name}};
    if (decoder.stages_.size() == max_codings) return std::unexpected{std::string{"more than two codings"}};
    decoder.stages_.emplace_back(gzip ? Coding::gzip : Coding::deflate, limit);
  }
  std::ranges::reverse(decoder.stages_);
  return decoder;
}

std::expected<void, DecodeError> ContentDecoder::write(std::string_view input, std::string& output) {
  if (stages_.empty()) {
    const auto room = limit_ - plain_;
    output += input.substr(0, room);
    if (input.size() > room) return std::unexpected{DecodeError::too_large};
    plain_ += input.size();
    return {};
  }
  if (stages_.size() == 1) return stages_.front().write(input, output);
  between_.clear();
  const auto outer = stages_.front().write(input, between_);
  // What came out before an error is still text.
  if (auto inner = stages_.back().write(between_, output); !inner) return inner;
  return outer;
}

bool ContentDecoder::finished() const { return std::ranges::all_of(stages_, &Inflater::finished); }

}  // namespace fwprobe::probe
