#include "probe/icmp_extension.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace fwprobe::probe {
namespace {

using namespace std::string_literals;

/// Fills the checksum in, RFC 1071.
std::string summed(std::string structure) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < structure.size(); ++i)
    sum += std::uint32_t{static_cast<unsigned char>(structure[i])} << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  structure[2] = static_cast<char>(~sum >> 8 & 0xff);
  structure[3] = static_cast<char>(~sum & 0xff);
  return structure;
}

const auto header = "\x20\0\0\0"s;
/// Label 100, exp 0, bottom of the stack, TTL 1.
const auto entry = "\x00\x06\x41\x01"s;
const auto one_label = "\0\x08\x01\x01"s + entry;
/// An object of another class, as for an interface (RFC 5837).
const auto interface = "\0\x08\x02\x0b\0\0\0\x07"s;

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

struct Row {
  const char* name;
  std::string bytes;
  Extension place;
  const char* labels;
};

const Row rows[] = {
    {"one label", summed(header + one_label), Extension::announced, "100/0/1/1"},
    {"a stack, the outermost first", summed(header + "\0\x0c\x01\x01"s + "\xff\xff\xfe\xff"s + entry),
     Extension::announced, "1048575/7/0/255 100/0/1/1"},
    {"beside an object of another class", summed(header + interface + one_label), Extension::announced,
     "100/0/1/1"},
    {"another type of the class is another thing", summed(header + "\0\x08\x01\x02"s + entry),
     Extension::announced, ""},
    {"a checksum of zero was not computed, RFC 4884 §7", header + one_label, Extension::announced,
     "100/0/1/1"},
    {"where it is only assumed, a checksum must show it", header + one_label, Extension::assumed, ""},
    {"assumed, and with a checksum", summed(header + one_label), Extension::assumed, "100/0/1/1"},
    {"a wrong checksum", "\x20\0\x12\x34"s + one_label, Extension::announced, ""},
    {"another version", summed("\x30\0\0\0"s + one_label), Extension::announced, ""},
    {"nothing", "", Extension::announced, ""},
    {"a header that is cut", "\x20\0\0"s, Extension::announced, ""},
    {"a header alone", summed(header), Extension::announced, ""},
    {"zeros, as of a packet that was padded", std::string(64, '\0'), Extension::assumed, ""},
    {"an object's header that is cut", summed(header + "\0\x08\x01"s), Extension::announced, ""},
    {"an object longer than the message", summed(header + "\0\x0c\x01\x01"s + entry), Extension::announced,
     ""},
    {"an object shorter than its own header", summed(header + "\0\x03\x01\x01"s + entry),
     Extension::announced, ""},
    {"an object of length zero does not go on for ever", summed(header + "\0\0\x01\x01"s),
     Extension::announced, ""},
    {"a stack that ends inside an entry", summed(header + "\0\x0a\x01\x01"s + entry + "\0\0"s),
     Extension::announced, ""},
    {"a broken object behind a good one makes all of it worthless",
     summed(header + one_label + "\xff\xff\x01\x01"s), Extension::announced, ""},
};

std::string brief(const std::vector<MplsLabel>& labels) {
  std::string text;
  for (const auto& label : labels)
    text += fmt::format("{}{}/{}/{}/{}", text.empty() ? "" : " ", label.label, label.exp,
                        label.bottom ? 1 : 0, label.ttl);
  return text;
}

std::vector<MplsLabel> read(const std::string& bytes, Extension place) {
  return mpls_labels({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()}, place);
}

TEST(IcmpExtension, HoldsLabels) {
  for (const auto& row : rows) EXPECT_EQ(brief(read(row.bytes, row.place)), row.labels) << row.name;
}

TEST(IcmpExtension, HasAtMostSixteenLabels) {
  const auto size = "\x01\x94"s;  // 4 + 100 entries
  EXPECT_EQ(read(summed(header + size + "\x01\x01"s + repeated(entry, 100)), Extension::announced).size(),
            16U);
}

TEST(IcmpExtension, CutAnywhereItHoldsNothing) {
  const auto whole = summed(header + interface + one_label);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(brief(read(whole.substr(0, size), Extension::announced)), "") << size;
}

}  // namespace
}  // namespace fwprobe::probe
