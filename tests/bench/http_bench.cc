// What a response costs: parsing, decompression, and looking for secrets in it.
#include <string>

#include <benchmark/benchmark.h>
#include <zlib.h>

#include "probe/http_parser.h"
#include "probe/url.h"

namespace {

using namespace fwprobe::probe;

constexpr std::size_t mebibyte = 1024 * 1024;

std::string text(std::size_t size) {
  std::string result;
  for (std::size_t i = 0; result.size() < size; ++i) result += std::to_string(i * 7919 % 10007) + '\n';
  result.resize(size);
  return result;
}

std::string gzip(const std::string& plain) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string result(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

std::string with_length(std::string_view headers, const std::string& body) {
  return "HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/10.0\r\nContent-Type: application/json; charset=utf-8\r\n"
         "X-VSS-E2EID: 0c1d2e3f-0000-0000-0000-000000000000\r\nActivityId: 0c1d2e3f\r\n" +
         std::string{headers} + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string in_chunks(std::size_t size) {
  std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t i = 0; i < size; ++i) bytes += "1\r\nx\r\n";
  return bytes + "0\r\n\r\n";
}

/// In reads of 64 KiB, as an exchange makes them.
void parse(benchmark::State& state, const std::string& bytes) {
  constexpr std::size_t read_size = 64 * 1024;
  for (auto _ : state) {
    HttpParser parser{HttpParser::Expect::body, {}};
    auto progress = HttpParser::Progress::more;
    for (std::size_t at = 0; at < bytes.size(); at += read_size)
      progress = parser.feed(std::string_view{bytes}.substr(at, read_size));
    if (progress != HttpParser::Progress::complete) state.SkipWithError("not complete");
    benchmark::DoNotOptimize(parser.take_response());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}

BENCHMARK_CAPTURE(parse, small, with_length("", text(1000)));
BENCHMARK_CAPTURE(parse, large, with_length("", text(8 * mebibyte)));
BENCHMARK_CAPTURE(parse, large_gzip, with_length("Content-Encoding: gzip\r\n", gzip(text(8 * mebibyte))));
BENCHMARK_CAPTURE(parse, a_mebibyte_in_chunks_of_one, in_chunks(mebibyte));

void scrub(benchmark::State& state) {
  HttpSecrets secrets;
  secrets.token = Secret{text(52)};
  const auto body = text(8 * mebibyte);
  for (auto _ : state) {
    auto copy = body;
    secrets.scrub(copy);
    benchmark::DoNotOptimize(copy);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}
BENCHMARK(scrub);

void url(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(
        parse_url("https://azure.example.com:8443/tfs/DefaultCollection/_apis/projects?$top=100"));
}
BENCHMARK(url);

}  // namespace
