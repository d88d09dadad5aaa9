// Membership in the size of the Azure service tags (90,000 prefixes), and reading the published lists.

#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "allowlist/allowlist.h"
#include "allowlist/prefix_set.h"

namespace {

using namespace fwprobe::allowlist;

asio::ip::address random_address(std::mt19937& random) {
  if (random() % 2 == 0) return asio::ip::address_v4{static_cast<std::uint32_t>(random())};
  asio::ip::address_v6::bytes_type bytes{};
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return asio::ip::address_v6{bytes};
}

std::vector<Prefix> random_prefixes(std::size_t count) {
  std::mt19937 random{1};
  std::vector<Prefix> prefixes;
  for (std::size_t i = 0; i < count; ++i) {
    const auto address = random_address(random);
    prefixes.emplace_back(address, address.is_v4() ? 24 : 48);
  }
  return prefixes;
}

void build_set(benchmark::State& state) {
  const auto prefixes = random_prefixes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(PrefixSet{prefixes});
}
BENCHMARK(build_set)->Arg(90'000)->Unit(benchmark::kMillisecond);

void look_up(benchmark::State& state) {
  const PrefixSet set{random_prefixes(static_cast<std::size_t>(state.range(0)))};
  std::mt19937 random{2};
  std::vector<asio::ip::address> addresses(1024);
  for (auto& address : addresses) address = random_address(random);
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(set.contains(addresses[i++ % addresses.size()]));
}
BENCHMARK(look_up)->Arg(100)->Arg(90'000);

void load_published(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(load("azure-devops"));
}
BENCHMARK(load_published)->Unit(benchmark::kMillisecond);

void parse_large(benchmark::State& state) {
  std::string text = "name: x\nretrieved: 2026-01-31\ndirection: outbound\nentries:\n";
  for (unsigned i = 0; i < 90'000; ++i)
    text += fmt::format("- prefix: {}/32\n", asio::ip::address_v4{0x0a000000U + i}.to_string());
  for (auto _ : state) benchmark::DoNotOptimize(parse_yaml(text, "f"));
}
BENCHMARK(parse_large)->Unit(benchmark::kMillisecond);

}  // namespace
