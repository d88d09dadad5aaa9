#include "probe/certificate.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/asn1.h>

#include "tests/support/authority.h"

namespace fwprobe::probe {
namespace {

using namespace fwprobe::tests;
using namespace std::string_literals;

Certificate described(const Identity& identity) { return describe(*identity.certificate); }

/// Replaces the names of a certificate; the signature is then wrong, which nobody looks at here.
Identity with_names(const std::vector<std::string>& dns_names) {
  auto identity = issue({.alternative_names = ""});
  GENERAL_NAMES* names = GENERAL_NAMES_new();
  for (const auto& name : dns_names) {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
    GENERAL_NAME* general = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(general, GEN_DNS, text);
    sk_GENERAL_NAME_push(names, general);
  }
  require(X509_add1_ext_i2d(identity.certificate.get(), NID_subject_alt_name, names, 0, 0) == 1);
  GENERAL_NAMES_free(names);
  return identity;
}

Identity with_subject(const std::string& bytes, int type) {
  auto identity = issue({});
  X509_NAME* name = X509_NAME_new();
  require(X509_NAME_add_entry_by_NID(name, NID_commonName, type,
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()), -1, 0) == 1);
  X509_set_subject_name(identity.certificate.get(), name);
  X509_NAME_free(name);
  return identity;
}

TEST(Certificate, KeysHaveTypeAndSize) {
  struct Row {
    KeyOwner key;
    const char* digest;
    const char* type;
    int bits;
    const char* signature;
  };
  const Row rows[] = {
      {ec_key("P-256"), "SHA256", "EC P-256", 256, "ecdsa-with-SHA256"},
      {ec_key("P-384"), "SHA384", "EC P-384", 384, "ecdsa-with-SHA384"},
      {ec_key("brainpoolP256r1"), "SHA256", "EC brainpoolP256r1", 256, "ecdsa-with-SHA256"},
      {rsa_key(1024), "SHA1", "RSA", 1024, "sha1WithRSAEncryption"},
      {{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free}, "", "Ed25519", 256, "ED25519"},
  };
  for (const auto& row : rows) {
    const auto got = described(issue({.digest = row.digest, .key = row.key}));
    EXPECT_EQ(got.key_type, row.type);
    EXPECT_EQ(got.key_bits, row.bits);
    EXPECT_EQ(got.signature, row.signature);
  }
}

TEST(Certificate, IsReadFromItsDerForm) {
  const auto identity = issue({});
  const auto der = identity.der();
  const auto got = parse_certificate({reinterpret_cast<const unsigned char*>(der.data()), der.size()});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->sha256, described(identity).sha256);
  EXPECT_EQ(got->sha256.size(), 64U);
  EXPECT_TRUE(got->self_issued);
  EXPECT_FALSE(parse_certificate({reinterpret_cast<const unsigned char*>(der.data()), der.size() - 1}));
  EXPECT_FALSE(parse_certificate({}));
}

TEST(Certificate, SerialsAreLowerCaseHexadecimal) {
  auto identity = issue({});
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(identity.certificate.get()), 0xDEADBEEF);
  EXPECT_EQ(described(identity).serial, "deadbeef");
  ASN1_INTEGER_set_int64(X509_get_serialNumber(identity.certificate.get()), -10);
  EXPECT_EQ(described(identity).serial, "-0a");
  ASN1_INTEGER_set(X509_get_serialNumber(identity.certificate.get()), 0);
  EXPECT_EQ(described(identity).serial, "00");
}

TEST(Certificate, DatesAreClampedToWhatTheClockCanTell) {
  auto identity = issue({});
  auto* certificate = identity.certificate.get();
  require(ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20260131093000Z") == 1);
  require(ASN1_TIME_set_string(X509_getm_notAfter(certificate), "99991231235959Z") == 1);
  const auto got = described(identity);
  EXPECT_EQ(got.not_before, WallClock::from_time_t(1769851800));
  EXPECT_GT(got.not_after, WallClock::from_time_t(9'000'000'000));
  EXPECT_EQ(time_of(nullptr), WallClock::time_point{});
}

TEST(Certificate, NamesAreUtf8Text) {
  EXPECT_EQ(described(with_subject("M\xc3\xbcller, GmbH", V_ASN1_UTF8STRING)).subject,
            "CN=M\xc3\xbcller\\, GmbH");
  EXPECT_EQ(described(with_subject("M\xfcller", V_ASN1_T61STRING)).subject, "CN=M\xc3\xbcller");
  EXPECT_EQ(described(with_subject("\0M\0\xfc"s, V_ASN1_BMPSTRING)).subject, "CN=M\xc3\xbc");
}

TEST(Certificate, HostileNamesBecomeHarmlessText) {
  EXPECT_EQ(described(with_subject("a\x1b[2J\nb", V_ASN1_UTF8STRING)).subject, "CN=a\\1B[2J\\0Ab");
  const auto names =
      with_names({"good.test\0.evil.test"s, "a\x1b[2J", "back\\slash", "m\xc3\xbcller.test", ""});
  EXPECT_EQ(described(names).dns_names,
            (std::vector<std::string>{"good.test\\00.evil.test", "a\\1B[2J", "back\\5Cslash",
                                      "m\\C3\\BCller.test", ""}));
}

TEST(Certificate, ANameThatIsNoUtf8MakesNoCertificate) {
  auto der = with_subject("Zebra", V_ASN1_UTF8STRING).der();
  const auto parse = [&] {
    return parse_certificate({reinterpret_cast<const unsigned char*>(der.data()), der.size()});
  };
  ASSERT_TRUE(parse());
  der.replace(der.find("Zebra"), 5, "Z\xff\xc0\x80z");
  EXPECT_FALSE(parse());
}

TEST(Certificate, AmountsAreLimited) {
  EXPECT_EQ(described(with_names(std::vector<std::string>(3000, "many.test"))).dns_names.size(), 1000U);
  EXPECT_LE(described(with_names({std::string(100'000, 'a')})).dns_names.at(0).size(), 1024U);
  EXPECT_LE(described(with_names({std::string(100'000, '\x01')})).dns_names.at(0).size(), 1024U);
  std::string letters;
  for (int i = 0; i < 5000; ++i) letters += "\xc3\xbc";
  const auto subject = described(with_subject(letters, V_ASN1_UTF8STRING)).subject;
  EXPECT_LE(subject.size(), 1024U);
  EXPECT_EQ(subject.size() % 2, 1U) << "no character is cut: CN= and whole letters";
}

}  // namespace
}  // namespace fwprobe::probe
