#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "allowlist/allowlist.h"

namespace fwprobe::allowlist {
namespace {

using asio::ip::make_address;
using std::literals::operator""y;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto today = 2026y / 11 / 23;

Allowlist published(std::string_view name) {
  auto list = load(name);
  EXPECT_TRUE(list) << list.error().message;
  return std::move(*list);
}

TEST(Published, EveryListCanBeRead) {
  EXPECT_THAT(published_names(), ElementsAre("appcircle", "azure-devops"));
  for (const auto name : published_names()) {
    const auto list = published(name);
    EXPECT_EQ(list.name, name);
    EXPECT_EQ(list.retrieved, today);
    EXPECT_THAT(list.source, HasSubstr("https://"));
  }
}

TEST(Published, AppcircleIsTheFiveEntriesOfItsPage) {
  const auto list = published("appcircle");
  EXPECT_EQ(list.direction, Direction::inbound);
  std::vector<std::string> spelled;
  std::vector<std::string> read;
  for (const auto& entry : list.entries) {
    spelled.push_back(entry.published);
    read.push_back(std::get<Prefix>(entry.what).text());
    EXPECT_TRUE(entry.ports.empty()) << "the page gives no ports";
    EXPECT_EQ(entry.host_bits, entry.published == "77.92.124.2/27");
  }
  EXPECT_THAT(spelled, ElementsAre("34.147.2.16", "162.19.204.13", "77.92.96.46", "77.92.124.2/27",
                                   "77.92.102.192/28"));
  EXPECT_THAT(read, ElementsAre("34.147.2.16/32", "162.19.204.13/32", "77.92.96.46/32", "77.92.124.0/27",
                                "77.92.102.192/28"));
  for (const auto* inside : {"77.92.124.0", "77.92.124.31", "77.92.102.207", "34.147.2.16"})
    EXPECT_EQ(entries_for(list, make_address(inside), today).size(), 1U) << inside;
  for (const auto* outside : {"77.92.124.32", "77.92.102.191", "34.147.2.17", "2001:db8::1"})
    EXPECT_TRUE(entries_for(list, make_address(outside), today).empty()) << outside;
}

TEST(Published, AzureDevOpsKeepsBothGenerations) {
  const auto list = published("azure-devops");
  EXPECT_EQ(list.direction, Direction::outbound);
  const auto current = make_address("150.171.22.1"), former = make_address("13.107.42.20");
  EXPECT_EQ(entries_for(list, current, today).size(), 1U);
  EXPECT_TRUE(entries_for(list, current, 2024y / 1 / 1).empty());
  EXPECT_TRUE(entries_for(list, former, today).empty());
  EXPECT_EQ(entries_for(list, former, 2024y / 1 / 1).size(), 1U);
  EXPECT_EQ(entries_for(list, make_address("2620:1ec:50::1"), today).size(), 1U);
}

TEST(Published, AzureDevOpsSeparatesTheWebFromSsh) {
  const auto list = published("azure-devops");
  const auto ports = [&](const auto& thing) {
    const auto found = entries_for(list, thing, today);
    return std::pair{std::ranges::any_of(found, [](const Entry* e) { return for_port(*e, 443); }),
                     std::ranges::any_of(found, [](const Entry* e) { return for_port(*e, 22); })};
  };
  EXPECT_EQ(ports(std::string_view{"dev.azure.com"}), (std::pair{true, false}));
  EXPECT_EQ(ports(std::string_view{"vssps.dev.azure.com"}), (std::pair{true, false}));
  EXPECT_EQ(ports(std::string_view{"ssh.dev.azure.com"}), (std::pair{true, true}));
  EXPECT_EQ(ports(std::string_view{"dev.azure.com.example.com"}), (std::pair{false, false}));
  EXPECT_EQ(ports(std::string_view{"notdev.azure.com"}), (std::pair{false, false}));
  EXPECT_EQ(ports(make_address("20.166.41.7")), (std::pair{false, true}));
  EXPECT_EQ(ports(make_address("2603:1030:a07:15::3d3")), (std::pair{false, true}));
}

TEST(Entries, AWildcardHoldsWhatIsBelowItsName) {
  const auto list = parse_yaml(
      "name: x\nretrieved: 2026-01-31\ndirection: outbound\nentries: [{domain: '*.example.com'}]\n", "f");
  ASSERT_TRUE(list);
  for (const std::string_view inside : {"a.example.com", "a.b.example.com"})
    EXPECT_EQ(entries_for(*list, inside, today).size(), 1U) << inside;
  for (const std::string_view outside :
       {"example.com", ".example.com", "aexample.com", "example.com.evil.test", ""})
    EXPECT_TRUE(entries_for(*list, outside, today).empty()) << outside;
}

TEST(Entries, TheNearestSharesTheMostLeadingBits) {
  const auto list = published("appcircle");
  const auto text = [&](const char* address) {
    const auto* entry = nearest(list, make_address(address), today);
    return entry ? entry->published : "none";
  };
  EXPECT_EQ(text("77.92.124.40"), "77.92.124.2/27");
  EXPECT_EQ(text("77.92.102.1"), "77.92.102.192/28");
  EXPECT_EQ(text("34.147.2.17"), "34.147.2.16");
  EXPECT_EQ(text("2001:db8::1"), "none");
}

TEST(Load, NamesBothPossibilities) {
  const auto list = load("nosuchlist");
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().message,
            "'nosuchlist' is neither a published list (appcircle, azure-devops) nor a file that can be read "
            "(No such "
            "file or directory)");
  EXPECT_THAT(load("/").error().message, HasSubstr("(Is a directory)"));
}

TEST(Load, ReadsAFile) {
  std::string folder = (std::filesystem::temp_directory_path() / "fwprobe-lists-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const auto file = folder + "/mine.yaml";
  std::ofstream{file}
      << "name: mine\nretrieved: 2026-01-31\ndirection: inbound\nentries: [{prefix: 192.0.2.1}]\n";
  const auto list = load(file);
  EXPECT_TRUE(list) << list.error().message;
  std::ofstream{file} << "name: mine\nentries: none\n";
  const auto broken = load(file);
  EXPECT_THAT(broken.error().message, testing::StartsWith(file + ":2:10: "));
  std::ofstream{file} << "name: " << std::string(9 * 1024 * 1024, 'x');
  EXPECT_THAT(load(file).error().message, HasSubstr("larger than 8 MiB"));
  std::filesystem::remove_all(folder);
}

TEST(Load, TakesAFileOfExactlyThisNameWhateverItsHashWouldSay) {
  std::string folder = (std::filesystem::temp_directory_path() / "fwprobe-lists-#-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const auto list = [](const std::string& name) {
    const auto loaded = load(name, {.entries = Entries::all});
    return loaded ? std::to_string(loaded->entries.size()) : loaded.error().message;
  };
  for (const auto* name : {"/plain.txt", "/l#2.txt", "/l#family=ipv6"})
    std::ofstream{folder + name} << "192.0.2.1\n2001:db8::1\n";
  EXPECT_EQ(list(folder + "/plain.txt"), "2");
  EXPECT_EQ(list(folder + "/l#2.txt"), "2");
  EXPECT_EQ(list(folder + "/l#2.txt#family=ipv4"), "1");
  EXPECT_EQ(list(folder + "/l#family=ipv6"), "2");
  EXPECT_THAT(list(folder + "/l#3.txt"), HasSubstr("l#3.txt' is no file, and '3.txt' is not key=value"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace fwprobe::allowlist
