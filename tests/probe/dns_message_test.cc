#include "probe/dns_message.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "probe/dns_query.h"

namespace fwprobe::probe {
namespace {

using asio::ip::make_address;
using namespace std::chrono_literals;
using namespace std::string_literals;

std::string u16(std::size_t value) {
  return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

/// "a.test" as labels; a final part "@N" is a compression pointer to offset N.
std::string name(std::string_view text) {
  std::string encoded;
  while (!text.empty()) {
    const auto label = text.substr(0, text.find('.'));
    if (label.starts_with('@')) return encoded + u16(0xc000U | std::stoul(std::string{label.substr(1)}));
    encoded += static_cast<char>(label.size());
    encoded += label;
    text.remove_prefix(std::min(label.size() + 1, text.size()));
  }
  return encoded + '\0';
}

std::string record(std::string_view owner, int type, const std::string& data, std::uint32_t ttl = 60,
                   int record_class = 1) {
  return name(owner) + u16(static_cast<std::size_t>(type)) + u16(static_cast<std::size_t>(record_class)) +
         u16(ttl >> 16) + u16(ttl & 0xffff) + u16(data.size()) + data;
}
std::string a(std::string_view owner, std::string_view bytes = "\xc0\x00\x02\x01"s, std::uint32_t ttl = 60) {
  return record(owner, 1, std::string{bytes}, ttl);
}
std::string cname(std::string_view owner, std::string_view target, std::uint32_t ttl = 60) {
  return record(owner, 5, name(target), ttl);
}

constexpr int nxdomain = 3;

/// A reply to "a.test IN A" with these answers.
std::string reply(const std::vector<std::string>& answers, int rcode = 0, std::string_view asked = "a.test",
                  int type = 1) {
  std::string message = "\x12\x34\x81"s + static_cast<char>(0x80 | rcode) + u16(1) + u16(answers.size()) +
                        u16(0) + u16(0) + name(asked) + u16(static_cast<std::size_t>(type)) + u16(1);
  for (const auto& answer : answers) message += answer;
  return message;
}

DnsLookup read(const std::string& bytes, DnsType type = DnsType::a, std::string asked = "a.test") {
  return read_reply({std::move(asked), type, {}, DnsTransport::udp},
                    {reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

std::string chain_of(const DnsLookup& lookup) {
  std::string chain;
  for (const auto& alias : lookup.aliases)
    chain += alias.from + ">" + alias.to + "(" + std::to_string(alias.ttl.count()) + ") ";
  return chain;
}
std::string addresses_of(const DnsLookup& lookup) {
  std::string all;
  for (const auto& record : lookup.addresses)
    all += record.address.to_string() + "(" + std::to_string(record.ttl.count()) + ") ";
  return all;
}

std::string long_chain(int links) {
  std::vector<std::string> answers{cname("a.test", "n1.test")};
  for (int i = 1; i < links; ++i)
    answers.push_back(cname("n" + std::to_string(i) + ".test", "n" + std::to_string(i + 1) + ".test"));
  answers.push_back(a("n" + std::to_string(links) + ".test"));
  return reply(answers);
}

struct Case {
  const char* name;
  std::string bytes;
  DnsStatus status;
  std::string addresses = {};
  std::string chain = {};
};

TEST(DnsReply, IsReadIntoWhatItSays) {
  const Case cases[] = {
      {"an address", reply({a("@12")}), DnsStatus::answered, "192.0.2.1(60) "},
      {"several addresses, in order", reply({a("@12", "\xc0\0\2\2"s), a("@12", "\xc0\0\2\1"s, 5)}),
       DnsStatus::answered, "192.0.2.2(60) 192.0.2.1(5) "},
      {"a TTL with its highest bit set counts as zero", reply({a("@12", "\xc0\0\2\1"s, 0x80000000U)}),
       DnsStatus::answered, "192.0.2.1(0) "},
      {"an alias and the address at its end", reply({cname("@12", "b.test", 7), a("b.test")}),
       DnsStatus::answered, "192.0.2.1(60) ", "a.test>b.test(7) "},
      {"a chain whose records come in any order",
       reply({a("c.test"), cname("b.test", "c.test", 2), cname("a.test", "b.test", 1)}), DnsStatus::answered,
       "192.0.2.1(60) ", "a.test>b.test(1) b.test>c.test(2) "},
      {"names are compared without case", reply({cname("A.tEST", "B.Test"), a("b.TEST")}),
       DnsStatus::answered, "192.0.2.1(60) ", "a.test>b.test(60) "},
      {"records of other types and classes are passed over",
       reply({record("@12", 46, "signature"), record("@12", 1, "\1\2\3\4", 60, 3), a("@12")}),
       DnsStatus::answered, "192.0.2.1(60) "},
      {"addresses of other names beside the right one are passed over",
       reply({a("other.test"), a("@12", "\xc0\0\2\2"s)}), DnsStatus::answered, "192.0.2.2(60) "},
      {"no record of the type", reply({}), DnsStatus::nodata},
      {"an alias to a name without an address", reply({cname("@12", "b.test")}), DnsStatus::nodata, "",
       "a.test>b.test(60) "},
      {"a name that does not exist", reply({}, nxdomain), DnsStatus::nxdomain},
      {"an alias to a name that does not exist keeps the chain", reply({cname("@12", "b.test")}, nxdomain),
       DnsStatus::nxdomain, "", "a.test>b.test(60) "},
      {"FORMERR", reply({}, 1), DnsStatus::formerr},
      {"SERVFAIL", reply({}, 2), DnsStatus::servfail},
      {"NOTIMP", reply({}, 4), DnsStatus::notimp},
      {"REFUSED", reply({}, 5), DnsStatus::refused},
      {"NOTAUTH is none of them", reply({}, 9), DnsStatus::other_rcode},
      {"an error that repeats no question", "\x12\x34\x81\x85\0\0\0\0\0\0\0\0"s, DnsStatus::refused},
      {"an error with a broken rest stays that error", reply({"\xc0"}, 2), DnsStatus::servfail},
      {"an alias to itself", reply({cname("@12", "@12")}), DnsStatus::alias_loop, "", "a.test>a.test(60) "},
      {"two aliases in a circle", reply({cname("@12", "b.test"), cname("b.test", "@12")}),
       DnsStatus::alias_loop, "", "a.test>b.test(60) b.test>a.test(60) "},
  };
  for (const auto& row : cases) {
    const auto lookup = read(row.bytes);
    EXPECT_EQ(lookup.status, row.status) << row.name << ": " << lookup.detail;
    EXPECT_EQ(addresses_of(lookup), row.addresses) << row.name;
    EXPECT_EQ(chain_of(lookup), row.chain) << row.name;
    EXPECT_TRUE(lookup.detail.empty()) << row.name;
    EXPECT_EQ(lookup.rcode, row.bytes[3] & 0x0f) << row.name;
  }
}

TEST(DnsReply, ThatCannotBeUsedIsMalformedAndSaysWhy) {
  const std::pair<const char*, std::string> cases[] = {
      {"nothing", ""},
      {"a header that is cut", "\x12\x34\x81\x80\0\1\0\0\0\0\0"s},
      {"our own query sent back",
       [] {
         auto bytes = reply({});
         bytes[2] = 1;
         return bytes;
       }()},
      {"no question and no error", "\x12\x34\x81\x80\0\0\0\0\0\0\0\0"s},
      {"another name", reply({a("@12")}, 0, "b.test")},
      {"another type", reply({a("@12")}, 0, "a.test", 28)},
      {"a question whose name does not end", reply({}).substr(0, 16)},
      {"an answer that is announced and missing",
       [] {
         auto bytes = reply({});
         bytes[7] = 1;
         return bytes;
       }()},
      {"65535 answers of which one is there",
       [] {
         auto bytes = reply({a("@12")});
         bytes[6] = bytes[7] = '\xff';
         return bytes;
       }()},
      {"a record with more data than there is", reply({a("@12")}).substr(0, 36)},
      {"a name that points at itself", reply({record("@24", 1, "\1\2\3\4")})},
      {"a name that points behind the end", reply({record("@999", 1, "\1\2\3\4")})},
      {"an alias whose name is longer than its data", reply({record("@12", 5, name("b.test").substr(0, 3))})},
      {"an alias with something behind its name", reply({record("@12", 5, name("b.test") + "x")})},
      {"an IPv4 address of three bytes", reply({record("@12", 1, "\1\2\3")})},
      {"addresses of somebody else only", reply({a("other.test")})},
  };
  for (const auto& [name, bytes] : cases) {
    const auto lookup = read(bytes);
    EXPECT_EQ(lookup.status, DnsStatus::malformed) << name;
    EXPECT_FALSE(lookup.detail.empty()) << name;
    EXPECT_TRUE(lookup.addresses.empty()) << name;
  }
}

TEST(DnsReply, GivesIpv6AddressesToThoseWhoAskedForThem) {
  const auto bytes = make_address("2001:db8::1").to_v6().to_bytes();
  const auto answer = record("@12", 28, {bytes.begin(), bytes.end()});
  EXPECT_EQ(addresses_of(read(reply({answer}, 0, "a.test", 28), DnsType::aaaa)), "2001:db8::1(60) ");
  EXPECT_EQ(read(reply({answer})).status, DnsStatus::nodata) << "nobody asked for it";
  EXPECT_EQ(read(reply({record("@12", 28, "\1\2\3\4")}, 0, "a.test", 28), DnsType::aaaa).status,
            DnsStatus::malformed);
}

TEST(DnsReply, WithALongChainIsFollowedToABound) {
  EXPECT_EQ(read(long_chain(30)).status, DnsStatus::answered);
  EXPECT_EQ(read(long_chain(200)).status, DnsStatus::alias_loop);
}

TEST(DnsReply, IsNeverReadBehindItsEnd) {
  const auto whole = reply({cname("@12", "b.test"), a("b.test")});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(read({exact.begin(), exact.end()}).status, DnsStatus::malformed) << size;
  }
}

TEST(DnsReply, SaysWhetherItIsTruncated) {
  auto bytes = reply({});
  const auto truncated = [&] {
    return is_truncated({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
  };
  EXPECT_FALSE(truncated());
  bytes[2] |= 2;
  EXPECT_TRUE(truncated());
  bytes.resize(11);
  EXPECT_FALSE(truncated());
}

TEST(DnsQuery, IsWrittenAsRfc1035HasIt) {
  const auto message = write_query({"A-b.test", DnsType::aaaa, {}, DnsTransport::udp}, 0x1234);
  ASSERT_TRUE(message);
  const auto expected = "\x12\x34\1\0\0\1\0\0\0\0\0\0\3A-b\4test\0\0\x1c\0\1"s;
  EXPECT_EQ(std::string(message->begin(), message->end()), expected);
  EXPECT_EQ(id_of(message->data()), 0x1234);
}

TEST(DnsQuery, IsWrittenForNamesThatDnsCanCarry) {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  const std::tuple<const char*, std::string, bool> cases[] = {
      {"a plain name", "azure.example.com", true},
      {"a final dot adds nothing", "azure.example.com.", true},
      {"underscores", "_ldap._tcp.example.com", true},
      {"a single label", "localhost", true},
      {"an onion name goes out like any other: what answers is the measurement", "abc.onion", true},
      {"a label of 63", label + ".test", true},
      {"a label of 64", label + "a.test", false},
      {"a name of 253", longest, true},
      {"a name of 254", longest + "b", false},
      {"nothing", "", false},
      {"only a dot", ".", false},
      {"an empty label", "a..test", false},
      {"an empty label at the front", ".a.test", false},
      {"two final dots", "a.test..", false},
      {"a blank", "a b.test", false},
      {"an escape", "a\\046b.test", false},
      {"a NUL", "a\0b.test"s, false},
      {"UTF-8",
       "b\xc3\xbc"
       "cher.test",
       false},
  };
  for (const auto& [name, text, possible] : cases) {
    const auto message = write_query({text, DnsType::a, {}, DnsTransport::udp}, 1);
    EXPECT_EQ(message.has_value(), possible) << name;
    if (!message) {
      EXPECT_FALSE(message.error().empty()) << name;
      continue;
    }
    // What was written is read back as the same question.
    auto bytes = std::string(message->begin(), message->end());
    bytes[2] = '\x81';
    EXPECT_EQ(read(bytes, DnsType::a, text).status, DnsStatus::nodata) << name;
  }
}

std::string ptr(std::string_view owner, const std::string& data) { return record(owner, 12, data); }

TEST(DnsReply, GivesTheNamesOfAnAddress) {
  constexpr auto address = "1.2.0.192.in-addr.arpa";
  const auto asked = [&](const std::vector<std::string>& answers) {
    return read(reply(answers, 0, address, 12), DnsType::ptr, address);
  };
  const auto one = asked({ptr(address, name("R1.example"))});
  EXPECT_EQ(one.status, DnsStatus::answered);
  EXPECT_EQ(one.names, std::vector<std::string>{"r1.example"});
  // RFC 2317 delegates parts of a /24 by aliases.
  const auto delegated = asked({cname(address, "1.0-25.2.0.192.in-addr.arpa"),
                                ptr("1.0-25.2.0.192.in-addr.arpa", name("r1.example"))});
  EXPECT_EQ(delegated.names, std::vector<std::string>{"r1.example"});
  EXPECT_EQ(asked({}).status, DnsStatus::nodata);
  EXPECT_EQ(asked({ptr("2.2.0.192.in-addr.arpa", name("r2.example"))}).names, std::vector<std::string>{})
      << "another address's name";
  EXPECT_EQ(asked({ptr(address, name("r1.example") + "more")}).status, DnsStatus::malformed);
  EXPECT_EQ(asked({ptr(address, "\x05r1")}).status, DnsStatus::malformed);
  const std::vector<std::string> many(100, ptr(address, name("r1.example")));
  EXPECT_EQ(asked(many).names.size(), 16U);
}

TEST(DnsReverseName, IsThatOfBothFamilies) {
  EXPECT_EQ(reverse_name(make_address("192.0.2.1")), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(make_address("2001:db8::567:89ab")),
            "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

}  // namespace
}  // namespace fwprobe::probe
