#include "cli/values.h"

#include <gtest/gtest.h>

namespace fwprobe::cli {
namespace {

using namespace std::chrono_literals;

TEST(Duration, IsAWholeNumberWithAUnit) {
  const std::pair<const char*, std::chrono::milliseconds> cases[] = {
      {"500ms", 500ms}, {"3s", 3s}, {"2m", 2min}, {"24h", 24h}, {"168h", 168h}};
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_duration(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, expected) << text;
  }
  for (const auto* text : {"", "5", "s", "-1s", "0s", "1.5s", "5 s", "5x", "169h", "99999999999999999999h",
                           "9223372036854775807h"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Size, IsBytesOrAWholeNumberWithAUnit) {
  const std::pair<const char*, std::uint64_t> cases[] = {{"1024", 1024},        {"512KiB", 524288},
                                                         {"10MiB", 10485760},   {"1MB", 1000000},
                                                         {"100MiB", 104857600}, {"64kB", 64000}};
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_size(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, expected) << text;
  }
  for (const auto* text : {"", "MiB", "1023", "0", "-1MiB", "1.5MiB", "10 MiB", "10mib", "101MiB", "1GiB",
                           "104857601", "18446744073709551616", "18014398509481985KiB"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(ResolverAddress, HasPort53UnlessGiven) {
  const std::pair<const char*, const char*> cases[] = {{"192.0.2.53", "192.0.2.53:53"},
                                                       {"192.0.2.53:5353", "192.0.2.53:5353"},
                                                       {"2001:db8::53", "[2001:db8::53]:53"},
                                                       {"[2001:db8::53]:5353", "[2001:db8::53]:5353"}};
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_resolver(text);
    ASSERT_TRUE(parsed) << text;
    std::ostringstream shown;
    shown << *parsed;
    EXPECT_EQ(shown.str(), expected);
  }
  for (const auto* text : {"", "dns.example.com", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536",
                           "[192.0.2.53]:53", "[2001:db8::53]", "[2001:db8::53]:x"})
    EXPECT_FALSE(parse_resolver(text)) << text;
}

TEST(Fingerprint, IsThatOfOpenSsh) {
  const std::string right = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";
  for (const auto& text : {right, right + "="}) {
    const auto parsed = parse_fingerprint(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, right);
  }
  const std::string md5 = "97:70:33:82:fd:29:3a:73:39:af:6a:07:ad:f8:80:49";
  for (const auto& text :
       {std::string{}, std::string{"SHA256:"}, right.substr(7), right + "A",
        right + "==", right.substr(0, right.size() - 1), right.substr(0, right.size() - 1) + "V",
        right.substr(0, right.size() - 1) + "-", "sha256:" + right.substr(7), md5, "MD5:" + md5})
    EXPECT_FALSE(parse_fingerprint(text)) << text;
  EXPECT_NE(parse_fingerprint(md5).error().find("MD5"), std::string::npos);
}

TEST(Override, NamesAHostAndItsAddresses) {
  const auto parsed = parse_override("Azure.Example.com=192.0.2.1,2001:db8::1");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->name, "azure.example.com");
  ASSERT_EQ(parsed->addresses.size(), 2U);
  for (const auto* text : {"", "host", "=192.0.2.1", "host=", "host=192.0.2.1,", "host=name"})
    EXPECT_FALSE(parse_override(text)) << text;
}

TEST(Header, ThatWouldInjectAnotherIsRefusedWithoutRepeatingItsValue) {
  const auto parsed = parse_header("X-Api-Key:  abc ");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->name, "X-Api-Key");
  EXPECT_EQ(parsed->value, "abc ");
  for (const auto* text : {"", "no colon", ": value", "Bad Name: x", "X: secret\r\nY: z", "X: secret\x7f"}) {
    const auto refused = parse_header(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().find("secret"), std::string::npos);
  }
}

TEST(Statuses, AreNumbersOrWholeClasses) {
  const auto parsed = parse_statuses("200,204,3xx");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 3U);
  EXPECT_EQ((*parsed)[2].first, 300);
  EXPECT_EQ((*parsed)[2].last, 399);
  for (const auto* text : {"", "200,", "99", "600", "6xx", "2x", "abc"})
    EXPECT_FALSE(parse_statuses(text)) << text;
}

TEST(Source, IsAnAddressOrAnInterfaceOfThisMachine) {
  EXPECT_TRUE(parse_source("127.0.0.1")->address);
  EXPECT_EQ(parse_source("lo")->interface, "lo");
  EXPECT_FALSE(parse_source("no-such-interface0"));
}

TEST(Nearest, IsAtMostTwoEditsAway) {
  const std::vector<std::string> words{"--format", "--timeout", "check"};
  EXPECT_EQ(nearest("--fromat", words), "--format");
  EXPECT_EQ(nearest("chek", words), "check");
  EXPECT_EQ(nearest("--something", words), "");
}

}  // namespace
}  // namespace fwprobe::cli
