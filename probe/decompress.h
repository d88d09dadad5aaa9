#pragma once
// Content codings (RFC 9110 §8.4.1): gzip and deflate, one block of input at a time, with a limit on what
// comes out.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fwprobe::probe {

enum class DecodeError : std::uint8_t {
  corrupt,    ///< not the format that the header announced
  too_large,  ///< more than the limit came out
};

enum class Coding : std::uint8_t {
  gzip,     ///< RFC 1952; several members in a row are one text, what follows the last is ignored
  deflate,  ///< zlib-wrapped (RFC 1950) or raw (RFC 1951), as servers send both; or gzip
};

/// Undoes one coding.
class Inflater {
 public:
  /// `limit`: bytes that may come out of it in all.
  Inflater(Coding coding, std::size_t limit);
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;
  ~Inflater();

  /// Appends what `input` decodes to. On an error `output` has what came before it; the Inflater is then of
  /// no use.
  std::expected<void, DecodeError> write(std::string_view input, std::string& output);
  /// Whether the compressed stream came to its own end.
  bool finished() const;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

/// All codings of a response.
class ContentDecoder {
 public:
  /// From the value of Content-Encoding: any of gzip, x-gzip, deflate and identity, at most two of them
  /// besides identity; else the one that is not known. Each stage has the same `limit`, so that a small text
  /// hidden behind a large one costs no more.
  static std::expected<ContentDecoder, std::string> from(std::string_view content_encoding,
                                                         std::size_t limit);

  /// Appends what `input` decodes to; as Inflater::write.
  std::expected<void, DecodeError> write(std::string_view input, std::string& output);
  /// Whether every stage came to its own end; true when there is none.
  bool finished() const;

 private:
  explicit ContentDecoder(std::size_t limit) : limit_{limit} {}
  std::vector<Inflater> stages_;  ///< in the order in which they are undone: the header's last first
  std::string between_;           ///< the first stage's output, when there are two
  std::size_t limit_;
  std::size_t plain_ = 0;  ///< bytes passed when there is no stage
};

}  // namespace fwprobe::probe
