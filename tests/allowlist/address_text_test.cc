#include "allowlist/address_text.h"

#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "allowlist/entry_index.h"
#include "allowlist/plain_ranges.h"

namespace fwprobe::allowlist {
namespace {

using std::literals::operator""y;

/// What inet_pton(3) says, through Asio.
std::optional<Uint128> system_number(const std::string& text) {
  std::error_code error;
  const auto address = asio::ip::make_address(text, error);
  if (error || (address.is_v6() && address.to_v6().scope_id() != 0)) return std::nullopt;
  return number_of(address);
}

TEST(AddressText, ReadsAnyTextAsTheSystemDoes) {
  std::mt19937 random{7};
  constexpr std::string_view alphabet = "0123456789abcdefF::::....";
  const std::string seeds[] = {"192.0.2.1",
                               "2001:db8::1",
                               "::",
                               "::1",
                               "1::",
                               "::ffff:192.0.2.1",
                               "1:2:3:4:5:6:7:8",
                               "1:2:3:4:5:6:192.0.2.1",
                               "1::8",
                               "255.255.255.255",
                               "0.0.0.0",
                               "ffff:ffff::ffff"};
  int valid = 0;
  for (int i = 0; i < 200'000; ++i) {
    auto text = seeds[random() % std::size(seeds)];
    for (auto changes = random() % 4; changes > 0; --changes) {
      const auto at = random() % (text.size() + 1);
      const auto c = alphabet[random() % alphabet.size()];
      if (random() % 3 == 0 && at < text.size())
        text.erase(at, 1);
      else if (random() % 2 == 0 && at < text.size())
        text[at] = c;
      else
        text.insert(at, 1, c);
    }
    const auto wanted = system_number(text);
    const auto read = read_range(text);
    ASSERT_EQ(read.has_value(), wanted.has_value()) << text;
    if (wanted) {
      ASSERT_TRUE(read->first == *wanted && read->last == *wanted) << text;
      ++valid;
    }
  }
  EXPECT_GT(valid, 20'000);
}

TEST(AddressText, WritesAnyAddressAsTheSystemDoes) {
  std::mt19937_64 random{8};
  for (int i = 0; i < 100'000; ++i) {
    Uint128 value = Uint128{random()} << 64 | random();
    for (int group = 0; group < 8; ++group)
      if (random() % 3 == 0) value &= ~(Uint128{0xffff} << (16 * group));
    std::string text;
    append_address(text, value);
    ASSERT_EQ(text, address_v6(value).to_string());
    text.clear();
    append_address(text, static_cast<std::uint32_t>(value));
    ASSERT_EQ(text, asio::ip::address_v4{static_cast<std::uint32_t>(value)}.to_string());
  }
}

TEST(AddressText, PrefixesAreAsParsePrefixReadsThem) {
  for (const char* text :
       {"0.0.0.0/0", "192.0.2.7/24", "192.0.2.7/32", "::/0", "2001:db8::5/127", "2001:db8::5/128"}) {
    const auto range = read_range(text);
    const auto prefix = parse_prefix(text);
    ASSERT_TRUE(range && prefix) << text;
    EXPECT_EQ(range->host_bits, prefix->host_bits) << text;
    const auto set = range->ipv6 ? PrefixSet{{}, Ranges6{range->first, range->last}}
                                 : PrefixSet{Ranges4{static_cast<std::uint32_t>(range->first),
                                                     static_cast<std::uint32_t>(range->last)},
                                             {}};
    EXPECT_EQ(set, PrefixSet{prefix->prefix}) << text;
  }
  for (const char* text :
       {"192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/024", "::/129", "192.0.2.0/24 ", "/24",
        "192.0.2.1-", "-192.0.2.1", "192.0.2.2-192.0.2.1", "fe80::1%eth0"})
    EXPECT_FALSE(read_range(text)) << text;
}

TEST(AddressText, LinesCoverExactlyTheSet) {
  std::mt19937 random{9};
  for (int round = 0; round < 200; ++round) {
    std::vector<Range<std::uint32_t>> ranges;
    for (int i = 0; i < 20; ++i) {
      const auto first = static_cast<std::uint32_t>(random());
      ranges.push_back(
          {first, first + std::min(static_cast<std::uint32_t>(random() >> (random() % 32)), ~first)});
    }
    const Ranges4 set{ranges};
    std::string text;
    for (const auto& range : set.ranges()) append_lines(text, range);
    std::string wanted;
    for (const auto& prefix : PrefixSet{set, {}}.prefixes()) wanted += prefix.text() + "\n";
    ASSERT_EQ(text, wanted);
    PlainRanges lines;
    ASSERT_FALSE(lines.add(text));
    ASSERT_EQ(std::move(lines).take(), (PrefixSet{set, {}}));
  }
}

TEST(EntryIndex, AnswersAsTheEntriesDo) {
  std::mt19937 random{10};
  const auto day = 2026y / 11 / 1;
  for (int round = 0; round < 100; ++round) {
    Allowlist list;
    for (int i = 0; i < 30; ++i) {
      Entry entry;
      // A universe of 64 addresses, so that prefixes are nested and touch.
      const bool ipv6 = random() % 2 == 0;
      const int host_bits = static_cast<int>(random() % 6);
      const auto low = static_cast<std::uint32_t>(random() % 64);
      entry.what = ipv6 ? Prefix{address_v6(Uint128{low}), 128 - host_bits}
                        : Prefix{asio::ip::address_v4{low}, 32 - host_bits};
      entry.published = std::get<Prefix>(entry.what).text();
      if (random() % 4 == 0) entry.ports = {{443, 443}};
      if (random() % 8 == 0) entry.until = day;
      list.entries.push_back(entry);
    }
    const EntryIndex index{list, day};
    for (std::uint32_t value = 0; value < 70; ++value)
      for (const bool ipv6 : {false, true})
        for (const std::uint16_t port : std::initializer_list<std::uint16_t>{0, 22, 443}) {
          const auto address =
              ipv6 ? asio::ip::address{address_v6(Uint128{value})} : asio::ip::address_v4{value};
          int longest = -1;
          for (const auto* entry : entries_for(list, address, day))
            if (port == 0 || for_port(*entry, port))
              longest = std::max(longest, std::get<Prefix>(entry->what).length());
          const auto* held = ipv6 ? index.holder(Uint128{value}, port) : index.holder(value, port);
          ASSERT_EQ(held != nullptr, longest >= 0);
          if (held) {
            ASSERT_TRUE(std::get<Prefix>(held->what).contains(address));
            ASSERT_EQ(std::get<Prefix>(held->what).length(), longest);
          }
          if (port != 0 || held) continue;
          const auto [near, holds] = ipv6 ? index.find(Uint128{value}) : index.find(value);
          const auto* wanted = nearest(list, address, day);
          ASSERT_FALSE(holds);
          ASSERT_EQ(near != nullptr, wanted != nullptr);
          if (!near) continue;
          // Several may share the most.
          Allowlist one;
          one.entries = {*near, *wanted};
          ASSERT_EQ(nearest(one, address, day), &one.entries[0]) << address << ' ' << near->published;
        }
  }
}

/// With 16 bytes to read an address is read in another way than near the text's end.
TEST(LeadingIpv4, IsTheSameWhateverFollows) {
  std::vector<std::string> texts{
      "0.0.0.0",
      "255.255.255.255",
      "256.1.1.1",
      "1.256.1.1",
      "1.1.256.1",
      "1.1.1.256",
      "1.2.3",
      "1.2.3.",
      "1..2.3",
      ".1.2.3.4",
      "01.2.3.4",
      "1.2.3.04",
      "1.2.3.00",
      "1.2.3.4.5",
      "1.2.3.4a",
      "a.2.3.4",
      "1,2.3.4",
      "1.2.3:4",
      "1.2.3.2555",
      "1111.2.3.4",
      "1.2.3.4/8",
      "1.2.3.4/33",
      "1.2.3.4 ",
      "1.2.3.\xb2",
      "1/2.3.4",
      "",
      "1",
      "....",
      "999.999.999.999",
  };
  texts.push_back(std::string{"1.2.3.4"} + '\0');
  std::mt19937 random{12};
  constexpr std::string_view alphabet = "0123456789012345678901234567890123456789....../ a\x80\xff";
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    const auto octets = [&] { return std::to_string(random() % 300); };
    for (int octet = 0; octet < 4; ++octet) text += (octet > 0 ? "." : "") + octets();
    if (random() % 2 == 0) text[random() % text.size()] = alphabet[random() % alphabet.size()];
    texts.push_back(text.substr(0, 15));
  }
  for (const auto& text : texts)
    for (const char behind : {'\n', '/', 'x'}) {
      const auto near_end = leading_ipv4(text);
      const auto followed = leading_ipv4(text + behind + std::string(16, 'x'));
      if (behind == '/' && near_end.length == text.size()) continue;  // it becomes a prefix
      ASSERT_EQ(near_end.length, followed.length) << text;
      if (near_end.length == 0) continue;
      ASSERT_EQ(near_end.range, followed.range) << text;
      ASSERT_EQ(near_end.is_prefix, followed.is_prefix) << text;
    }
}

TEST(LeadingAddress, EndsWhereTheAddressEnds) {
  const struct {
    std::string_view text;
    std::uint32_t length;
  } rows[] = {
      {"2001:db8::1\nnext", 11},
      {"::\n", 2},
      {"::1", 3},
      {"1:2:3:4:5:6:7:8/128", 15},
      {"::ffff:192.0.2.1 ", 16},
      {"1:2:3:4:5:6:7\n", 0},
      {"\n", 0},
      {"", 0},
      {"1::2::3\n", 0},
      {"12345::\n", 0},
      {"192.0.2.1\n", 0},
  };
  for (const auto& [text, length] : rows) {
    const auto found = leading_ipv6(text);
    EXPECT_EQ(found.length, length) << text;
    if (length == 0) continue;
    EXPECT_EQ(address_v6(found.address), asio::ip::make_address_v6(std::string{text.substr(0, length)}))
        << text;
  }
}

}  // namespace
}  // namespace fwprobe::allowlist
