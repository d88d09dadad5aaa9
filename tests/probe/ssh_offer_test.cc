#include "probe/ssh_offer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fwprobe::probe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string number(std::size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}
std::string field(const std::string& bytes) { return number(bytes.size()) + bytes; }
std::string packet(const std::string& payload, std::size_t padding = 4) {
  return number(payload.size() + padding + 1) + static_cast<char>(padding) + payload +
         std::string(padding, '\0');
}

const std::string start = '\x14' + std::string(16, 'c');
const std::string end(5, '\0');

/// An offer whose first list is this.
std::string offer(const std::string& first) {
  return start + field(first) + field("ssh-ed25519,rsa-sha2-512") + field("a") + field("b,c") + field("d") +
         field("") + field("none") + field("none") + field("") + field("") + end;
}

TEST(SshOffer, IsReadInItsOrder) {
  const auto read = read_offer(packet(offer("x,y@z,w")));
  ASSERT_TRUE(read && *read) << read.error();
  EXPECT_THAT((*read)->key_exchange, ElementsAre("x", "y@z", "w"));
  EXPECT_THAT((*read)->host_key, ElementsAre("ssh-ed25519", "rsa-sha2-512"));
  EXPECT_THAT((*read)->ciphers_to_server, ElementsAre("a"));
  EXPECT_THAT((*read)->ciphers_to_client, ElementsAre("b", "c"));
  EXPECT_THAT((*read)->macs_to_server, ElementsAre("d"));
  EXPECT_THAT((*read)->macs_to_client, ElementsAre());
}

TEST(SshOffer, MayHaveOtherPacketsAroundIt) {
  const auto whole = packet("\2" + field("noise")) + packet("\4", 200) + packet(offer("x"));
  EXPECT_TRUE(read_offer(whole + packet("\x1f")).value_or(std::nullopt));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto part = read_offer(std::string_view{whole}.substr(0, size));
    ASSERT_TRUE(part) << size << part.error();
    EXPECT_FALSE(*part) << size;
  }
}

TEST(SshOffer, WhatIsWrongIsSaid) {
  std::string many = "a";
  for (int i = 0; i < 128; ++i) many += ",a";
  const struct {
    const char* name;
    std::string bytes;
    const char* said;
  } rows[] = {
      {"a packet that is too long", number(35'001), "its length is 35001"},
      {"a packet that is too short", number(5), "its length is 5"},
      {"nothing but padding", number(6) + '\5' + std::string(5, '\0'), "padding"},
      {"padding beyond the packet", number(6) + '\xff' + std::string(5, '\0'), "padding"},
      {"a cookie that is cut", packet("\x14" + std::string("short")), "cookie"},
      {"a list beyond its packet", packet(start + number(0x7fffffff)), "longer than its packet"},
      {"lists that are missing", packet(start + field("a")), "longer than its packet"},
      {"an end that is missing", packet(offer("a").substr(0, offer("a").size() - 1)), "last fields"},
      {"an empty name", packet(offer("a,,b")), "empty"},
      {"a comma at the end", packet(offer("a,")), "comma"},
      {"a comma alone", packet(offer(",")), "empty"},
      {"a name that is too long", packet(offer(std::string(65, 'a'))), "too long"},
      {"a control character", packet(offer("a\x1b[2J")), "not ASCII"},
      {"a byte above ASCII", packet(offer("\xc3\xa4")), "not ASCII"},
      {"too many names", packet(offer(many)), "more than 128"},
      {"keys in place of an offer", packet("\x1f"), "message 31"},
      {"the server disconnects", packet("\1" + number(12) + field("Too many")), "(12): Too many"},
      {"it disconnects without a word", packet("\1"), "disconnects"},
  };
  for (const auto& row : rows) {
    const auto read = read_offer(row.bytes);
    ASSERT_FALSE(read) << row.name;
    EXPECT_THAT(read.error(), HasSubstr(row.said)) << row.name;
  }
  EXPECT_TRUE(read_offer(packet(offer(std::string(64, 'a')))).value_or(std::nullopt)) << "64 is not too long";
}

TEST(SshHostKey, HasATypeBitsAndAFingerprint) {
  const auto key = [](const std::string& type, const std::string& rest) { return field(type) + rest; };
  const struct {
    const char* name;
    std::string blob;
    int bits;
  } rows[] = {
      {"Ed25519", key("ssh-ed25519", field(std::string(32, 'p'))), 256},
      {"ECDSA", key("ecdsa-sha2-nistp384", field("nistp384") + field("point")), 384},
      {"RSA, whose modulus has a zero before it",
       key("ssh-rsa", field({1, 0, 1}) + field(std::string(1, '\0') + '\x80' + std::string(255, 'n'))), 2048},
      {"RSA of 2047 bits", key("ssh-rsa", field({1, 0, 1}) + field('\x7f' + std::string(255, 'n'))), 2047},
      {"a modulus of zeros", key("ssh-rsa", field("\1") + field(std::string(3, '\0'))), 0},
      {"DSA", key("ssh-dss", field('\x80' + std::string(127, 'p'))), 1024},
      {"a type of tomorrow", key("ssh-mldsa", "whatever"), 0},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto read = read_host_key(row.blob);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->bits, row.bits);
    EXPECT_EQ(read->fingerprint.size(), 7U + 43U);
    EXPECT_THAT(read->fingerprint, testing::StartsWith("SHA256:"));
  }
  for (const auto& blob : {std::string{}, std::string{"ssh-ed25519"}, number(0x7fffffff), field(""),
                           field("a b"), key("ssh-ed25519", ""), key("ssh-ed25519", field("short")),
                           key("ssh-rsa", field("\1")), key("ssh-rsa", number(9)), key("ssh-dss", "")})
    EXPECT_FALSE(read_host_key(blob)) << testing::PrintToString(blob);
}

}  // namespace
}  // namespace fwprobe::probe
