#include "probe/pem.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace fwprobe::probe {
namespace {

using FilePtr = std::unique_ptr<std::FILE, OpensslDeleter<std::fclose>>;

/// The system's bundles have some 200 KiB.
constexpr std::size_t largest_file = std::size_t{16} * 1024 * 1024;

/// A file's content, overwritten at its end of life: it may hold a private key.
class FileContent {
 public:
  FileContent() = default;
  FileContent(FileContent&&) = default;
  FileContent& operator=(FileContent&&) = default;
  FileContent(const FileContent&) = delete;
  FileContent& operator=(const FileContent&) = delete;
  ~FileContent() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  /// An errno, EFBIG beyond the limit.
  std::error_code read(const std::filesystem::path& file) {
    const FilePtr stream{std::fopen(file.c_str(), "rbe")};
    if (!stream) return {errno, std::generic_category()};
    std::setvbuf(stream.get(), nullptr, _IONBF, 0);
    std::size_t used = 0;
    while (used < largest_file) {
      grow(used + std::max<std::size_t>(used, 4096));
      errno = 0;
      const auto count = std::fread(bytes_.data() + used, 1, bytes_.size() - used, stream.get());
      used += count;
      if (std::ferror(stream.get()) != 0) return {errno, std::generic_category()};
      if (count == 0 || std::feof(stream.get()) != 0) {
        size_ = used;
        return {};
      }
    }
    return {EFBIG, std::generic_category()};
  }
  std::string_view text() const { return {bytes_.data(), size_}; }
  BioPtr bio() const { return BioPtr{BIO_new_mem_buf(bytes_.data(), static_cast<int>(size_))}; }

 private:
  void grow(std::size_t size) {
    std::string larger(size, '\0');
    std::copy(bytes_.begin(), bytes_.end(), larger.begin());
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
    bytes_ = std::move(larger);
  }

  std::string bytes_;
  std::size_t size_ = 0;
};

/// The line on which the block of a certificate begins (RFC 7468 §5), both counted from 1.
std::ptrdiff_t line_of_certificate(std::string_view text, int number) {
  constexpr std::string_view labels[] = {"CERTIFICATE-----", "X509 CERTIFICATE-----",
                                         "TRUSTED CERTIFICATE-----"};
  constexpr std::string_view mark = "-----BEGIN ";
  std::size_t at = 0;
  for (at = text.find(mark); at != text.npos; at = text.find(mark, at + 1)) {
    const auto label = text.substr(at + mark.size());
    if (std::ranges::any_of(labels, [&](auto one) { return label.starts_with(one); }) && --number == 0) break;
  }
  return 1 + std::ranges::count(text.substr(0, at), '\n');
}

std::unexpected<std::string> problem(const std::filesystem::path& file, std::string_view what) {
  ERR_clear_error();
  return std::unexpected{fmt::format("{}: {}", file.string(), what)};
}

/// Whether the last error only says that there are no more PEM blocks.
bool at_the_end() {
  const auto error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/// In place of OpenSSL's own callback, which prompts on the terminal.
int refuse_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

std::expected<CertificatesPtr, std::string> read_certificates(const std::filesystem::path& file) {
  FileContent content;
  if (const auto error = content.read(file)) return problem(file, error.message());
  const auto bio = content.bio();
  CertificatesPtr certificates{sk_X509_new_null()};
  while (auto* certificate = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr))
    sk_X509_push(certificates.get(), certificate);
  const auto count = sk_X509_num(certificates.get());
  if (!at_the_end()) {
    const auto line = line_of_certificate(content.text(), count + 1);
    return problem(fmt::format("{}:{}:1", file.string(), line),
                   fmt::format("certificate {} cannot be read", count + 1));
  }
  if (count == 0)
    return problem(file,
                   "holds no PEM certificate (-----BEGIN CERTIFICATE-----); convert a DER file with "
                   "`openssl x509 -inform DER`, a PKCS #12 file with `openssl pkcs12 -nokeys`");
  ERR_clear_error();
  return certificates;
}

std::expected<KeyPtr, std::string> read_private_key(const std::filesystem::path& file) {
  FileContent content;
  if (const auto error = content.read(file)) return problem(file, error.message());
  const auto bio = content.bio();
  bool encrypted = false;
  // With all decoders of OpenSSL, for start_tls_library() leaves those of private keys out. Keys need it as
  // long as they live.
  static auto* const library = OSSL_LIB_CTX_new();
  KeyPtr key{PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, refuse_passphrase, &encrypted, library, nullptr)};
  // RFC 1421 §4.6.1.1: written with a cipher that is not even looked up.
  if (encrypted || (!key && content.text().contains("Proc-Type: 4,ENCRYPTED")))
    return problem(file,
                   "the private key is encrypted, and no passphrase is asked for; give an unencrypted key "
                   "(`openssl pkey -in FILE -out PLAIN`)");
  if (!key && !content.text().contains("PRIVATE KEY-----"))
    return problem(file, "holds no PEM private key (-----BEGIN PRIVATE KEY-----)");
  if (!key) return problem(file, "the private key cannot be read");
  ERR_clear_error();
  return key;
}

}  // namespace fwprobe::probe
