#include "probe/certificate.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "probe/http_date.h"
#include "probe/openssl_ptr.h"

namespace fwprobe::probe {
namespace {

constexpr std::size_t longest_text = 1024;
constexpr std::size_t most_names = 1000;

using Bytes = std::span<const unsigned char>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslDeleter<GENERAL_NAMES_free>>;

Bytes bytes_of(const ASN1_STRING& string) {
  return {ASN1_STRING_get0_data(&string), static_cast<std::size_t>(ASN1_STRING_length(&string))};
}

std::string hex(Bytes bytes) {
  std::string text;
  for (const auto byte : bytes.first(std::min(bytes.size(), longest_text / 2)))
    fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

/// The length of the UTF-8 character (RFC 3629) that `bytes` begin with; 0 when they begin with none.
std::size_t character_length(Bytes bytes) {
  unsigned long value = 0;
  const auto available = static_cast<int>(std::min<std::size_t>(bytes.size(), 4));
  const auto length = UTF8_getc(bytes.data(), available, &value);
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  return length <= 0 || surrogate || value > 0x10ffff ? 0 : static_cast<std::size_t>(length);
}

/// Valid UTF-8 within the limit: a UTF8String may hold any bytes, and X509_NAME_print_ex(3) passes them on.
std::string valid_text(Bytes bytes) {
  std::string text;
  while (!bytes.empty()) {
    const auto length = character_length(bytes);
    const auto piece = length == 0
                           ? fmt::format("\\{:02X}", bytes[0])
                           : std::string{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)};
    if (text.size() + piece.size() > longest_text) break;
    text += piece;
    bytes = bytes.subspan(std::max<std::size_t>(length, 1));
  }
  return text;
}

/// An IA5String may hold a NUL (a classic: "good.example\0.evil.example") or anything else.
std::string visible_ascii(Bytes bytes) {
  std::string text;
  for (const auto byte : bytes) {
    if (text.size() + 3 > longest_text) break;
    if (byte > 0x20 && byte < 0x7f && byte != '\\')
      text += static_cast<char>(byte);
    else
      fmt::format_to(std::back_inserter(text), "\\{:02X}", byte);
  }
  return text;
}

std::optional<asio::ip::address> address_of(Bytes bytes) {
  if (bytes.size() == 4) {
    asio::ip::address_v4::bytes_type v4;
    std::ranges::copy(bytes, v4.begin());
    return asio::ip::address_v4{v4};
  }
  if (bytes.size() == 16) {
    asio::ip::address_v6::bytes_type v6;
    std::ranges::copy(bytes, v6.begin());
    return asio::ip::address_v6{v6};
  }
  return {};
}

void add_names(X509& certificate, Certificate& value) {
  const NamesPtr names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr))};
  const auto count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count && value.dns_names.size() + value.ip_names.size() < most_names; ++i) {
    int type = 0;
    const auto* data = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type == GEN_DNS) {
      value.dns_names.push_back(visible_ascii(bytes_of(*static_cast<const ASN1_STRING*>(data))));
    } else if (type == GEN_IPADD) {
      if (const auto address = address_of(bytes_of(*static_cast<const ASN1_STRING*>(data))))
        value.ip_names.push_back(*address);
    }
  }
}

std::string object_text(const ASN1_OBJECT* object) {
  const auto nid = OBJ_obj2nid(object);
  if (nid != NID_undef) return OBJ_nid2ln(nid);
  std::array<char, 128> dotted{};
  OBJ_obj2txt(dotted.data(), dotted.size(), object, 1);
  return dotted.data();
}

/// "EC P-256" where NIST has a name for the curve, else the name of SEC 2 or RFC 5639.
std::string curve_text(const EVP_PKEY& key) {
  std::array<char, 80> group{};
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(&key, group.data(), group.size(), &length) != 1) return "EC";
  const char* nist = EC_curve_nid2nist(OBJ_sn2nid(group.data()));
  return fmt::format("EC {}", nist != nullptr ? nist : group.data());
}

std::string key_text(const EVP_PKEY& key) {
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_RSA:
      return "RSA";
    case EVP_PKEY_RSA_PSS:
      return "RSA-PSS";
    case EVP_PKEY_DSA:
      return "DSA";
    case EVP_PKEY_EC:
      return curve_text(key);
    case EVP_PKEY_ED25519:
      return "Ed25519";
    case EVP_PKEY_ED448:
      return "Ed448";
    default:
      return object_text(OBJ_nid2obj(EVP_PKEY_get_base_id(&key)));
  }
}

void add_key(X509& certificate, Certificate& value) {
  if (const auto* key = X509_get0_pubkey(&certificate)) {
    value.key_type = key_text(*key);
    value.key_bits = EVP_PKEY_get_bits(key);
    return;
  }
  ASN1_OBJECT* algorithm = nullptr;
  X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(&certificate));
  value.key_type = algorithm != nullptr ? object_text(algorithm) : "unknown";
}

std::string signature_text(X509& certificate) {
  const ASN1_OBJECT* algorithm = nullptr;
  X509_ALGOR_get0(&algorithm, nullptr, nullptr, X509_get0_tbs_sigalg(&certificate));
  return object_text(algorithm);
}

std::string serial_text(X509& certificate) {
  const auto* serial = X509_get0_serialNumber(&certificate);
  const auto digits = hex(bytes_of(*serial));
  return (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER ? "-" : "") + (digits.empty() ? "00" : digits);
}

std::string fingerprint(X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &length) != 1) return {};
  return hex(Bytes{digest}.first(length));
}

}  // namespace

std::string name_text(const X509_NAME& name) {
  const BioPtr text{BIO_new(BIO_s_mem())};
  if (!text) return {};
  // ASN1_STRFLGS_ESC_MSB would spell out every letter beyond ASCII.
  X509_NAME_print_ex(text.get(), &name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const auto length = BIO_get_mem_data(text.get(), &data);
  return valid_text({reinterpret_cast<const unsigned char*>(data), static_cast<std::size_t>(length)});
}

WallClock::time_point time_of(const ASN1_TIME* time) {
  std::tm fields{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1) return {};
  constexpr auto first = std::chrono::ceil<std::chrono::seconds>(WallClock::time_point::min());
  constexpr auto last = std::chrono::floor<std::chrono::seconds>(WallClock::time_point::max());
  return std::clamp(utc(fields), first, last);
}

Certificate describe(X509& certificate) {
  Certificate value;
  value.subject = name_text(*X509_get_subject_name(&certificate));
  value.issuer = name_text(*X509_get_issuer_name(&certificate));
  add_names(certificate, value);
  value.not_before = time_of(X509_get0_notBefore(&certificate));
  value.not_after = time_of(X509_get0_notAfter(&certificate));
  value.serial = serial_text(certificate);
  add_key(certificate, value);
  value.signature = signature_text(certificate);
  value.sha256 = fingerprint(certificate);
  value.public_log = X509_get_ext_by_NID(&certificate, NID_ct_precert_scts, -1) >= 0;
  value.self_issued =
      X509_NAME_cmp(X509_get_subject_name(&certificate), X509_get_issuer_name(&certificate)) == 0;
  ERR_clear_error();
  return value;
}

std::optional<Certificate> parse_certificate(std::span<const unsigned char> der) {
  if (der.size() > static_cast<std::size_t>(std::numeric_limits<long>::max())) return {};
  const auto* at = der.data();
  const CertificatePtr certificate{d2i_X509(nullptr, &at, static_cast<long>(der.size()))};
  if (!certificate) {
    ERR_clear_error();
    return {};
  }
  return describe(*certificate);
}

}  // namespace fwprobe::probe
