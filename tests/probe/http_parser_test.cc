#include "probe/http_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace fwprobe::probe {
namespace {

using Progress = HttpParser::Progress;
using Kind = HttpFailure::Kind;
using testing::HasSubstr;

constexpr HttpLimits small{.headers = 1024, .body = 4096};

std::string gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string result(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

std::string with_length(std::string_view headers, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + std::string{headers} + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

enum class End : std::uint8_t { open, closed };

struct Parsed {
  Progress progress = Progress::more;
  HttpResponse response;
  HttpFailure failure;
  std::optional<HttpResponse> partial;
};

Parsed parse(std::string_view bytes, std::size_t step, End end = End::open,
             HttpParser::Expect expect = HttpParser::Expect::body, HttpLimits limits = {}) {
  HttpParser parser{expect, limits};
  Parsed parsed;
  for (std::size_t at = 0; at < bytes.size() && parsed.progress == Progress::more; at += step)
    parsed.progress = parser.feed(bytes.substr(at, step));
  if (parsed.progress == Progress::more && end == End::closed) parsed.progress = parser.end_of_stream();
  if (parsed.progress == Progress::complete)
    parsed.response = parser.take_response();
  else {
    parsed.failure = parser.take_failure();
    parsed.partial = parser.take_partial();
  }
  return parsed;
}

constexpr std::size_t steps[] = {1, 2, 7, std::size_t{1} << 20};

TEST(Response, IsRead) {
  enum class After : std::uint8_t { reusable, done };
  const struct {
    const char* name;
    std::string bytes;
    int status;
    std::string body;
    After after;
    End end = End::open;
    HttpParser::Expect expect = HttpParser::Expect::body;
  } cases[] = {
      {"with a length", with_length("", "hello"), 200, "hello", After::reusable},
      {"with the same length and a close", with_length("Connection: close\r\n", "hello"), 200, "hello",
       After::done},
      {"with a close among other options", with_length("Connection: Upgrade, CLOSE\r\n", "x"), 200, "x",
       After::done},
      {"with an empty body", with_length("", ""), 200, "", After::reusable},
      {"with no reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, "", After::reusable},
      {"with no space behind the status", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, "",
       After::reusable},
      {"in chunks",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n", 200,
       "hello!", After::reusable},
      {"in chunks with trailers",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0005\r\nhello\r\n0\r\nA: b\r\nContent-Length: "
       "9\r\n\r\n",
       200, "hello", After::reusable},
      {"until the connection ends", "HTTP/1.1 200 OK\r\n\r\nall of it", 200, "all of it", After::done,
       End::closed},
      {"of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", After::done},
      {"of HTTP/1.0 that keeps the connection",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 200, "ok",
       After::reusable},
      {"of HTTP/1.0 that says both",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 2\r\n\r\nok", 200, "ok",
       After::done},
      {"of HTTP/1.0 until the end", "HTTP/1.0 200 OK\r\n\r\nold", 200, "old", After::done, End::closed},
      {"to HEAD, with the length of what GET would give", with_length("", "").replace(33, 1, "99"), 200, "",
       After::reusable, End::open, HttpParser::Expect::no_body},
      {"to HEAD, in chunks that do not come", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200,
       "", After::reusable, End::open, HttpParser::Expect::no_body},
      {"to HEAD, with neither", "HTTP/1.1 200 OK\r\n\r\n", 200, "", After::reusable, End::open,
       HttpParser::Expect::no_body},
      {"to HEAD, with a coding that nobody asked for", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n", 200,
       "", After::reusable, End::open, HttpParser::Expect::no_body},
      {"204, whatever its length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, "",
       After::reusable},
      {"204, whatever its coding", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", 204, "",
       After::reusable},
      {"304 with the length of what was not sent", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
       304, "", After::reusable},
      {"behind 100", "HTTP/1.1 100 Continue\r\n\r\n" + with_length("", "x"), 200, "x", After::reusable},
      {"behind several 1xx",
       "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: close\r\n\r\nHTTP/1.0 102 Processing\r\n\r\n" +
           with_length("", "x"),
       200, "x", After::reusable},
      {"behind 1xx with a length", "HTTP/1.1 103 Hints\r\nContent-Length: 3\r\n\r\n" + with_length("", "x"),
       200, "x", After::reusable},
      {"101 is the last word of HTTP",
       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 101, "", After::done},
      {"101 without its headers", "HTTP/1.1 101 Switching Protocols\r\n\r\n", 101, "", After::done},
      {"with bytes behind it", with_length("", "hello") + "HTTP/1.1 200 OK\r\n", 200, "hello", After::done},
      {"with one byte behind it", with_length("", "") + "x", 200, "", After::done},
      {"in chunks with bytes behind it",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 400 x", 200, "", After::done},
      {"204 with bytes behind it", "HTTP/1.1 204 No\r\n\r\nbody", 204, "", After::done},
      {"with gzip", with_length("Content-Encoding: gzip\r\n", gzip("hello")), 200, "hello", After::reusable},
      {"with two codings in two headers",
       with_length("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", gzip(gzip("hello"))), 200, "hello",
       After::reusable},
      {"with gzip and nothing in it", with_length("Content-Encoding: gzip\r\n", ""), 200, "",
       After::reusable},
      {"with gzip until the end", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip("hello"), 200,
       "hello", After::done, End::closed},
  };
  for (const auto& row : cases) {
    for (const auto step : steps) {
      const auto parsed = parse(row.bytes, step, row.end, row.expect);
      ASSERT_EQ(parsed.progress, Progress::complete)
          << row.name << ", step " << step << ": " << parsed.failure.detail;
      EXPECT_EQ(parsed.response.status, row.status) << row.name;
      EXPECT_EQ(parsed.response.body, row.body) << row.name;
      // Bytes that came in a later packet are the connection's to find.
      if (step == steps[3]) {
        EXPECT_EQ(parsed.response.reusable, row.after == After::reusable) << row.name;
      }
    }
  }
}

TEST(Response, KeepsItsHeadersInOrder) {
  for (const auto step : steps) {
    const auto parsed =
        parse("HTTP/1.1 200 Very good\r\nB: 1\r\na:2 \r\nB:\t\xc3\xbc\r\nEmpty:\r\nContent-Length: 0\r\n\r\n",
              step);
    ASSERT_EQ(parsed.progress, Progress::complete) << parsed.failure.detail;
    const std::vector<HttpHeader> expected{
        {"B", "1"}, {"a", "2"}, {"B", "\xc3\xbc"}, {"Empty", ""}, {"Content-Length", "0"}};
    EXPECT_TRUE(parsed.response.headers == expected) << step;
    EXPECT_EQ(parsed.response.reason, "Very good");
    EXPECT_EQ(parsed.response.version, "1.1");
  }
}

TEST(Response, ThatIsNoneIsRefused) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const struct {
    const char* name;
    std::string bytes;
    Kind kind;
    const char* detail;
    End end = End::open;
  } cases[] = {
      {"a banner of SSH", "SSH-2.0-OpenSSH_9.2p1\r\n", Kind::malformed, "at byte 1"},
      {"a TLS alert", std::string{"\x15\x03\x01\x00\x02\x02\x46", 7}, Kind::malformed, "at byte 1"},
      {"HTML without HTTP", "<html>", Kind::malformed, "at byte 1"},
      {"HTTP/2's first frame", std::string{"\x00\x00\x12\x04\x00", 5}, Kind::malformed, "at byte"},
      {"HTTP/3.7", "HTTP/3.7 200 OK\r\n\r\n", Kind::malformed, "at byte"},
      {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", Kind::malformed, "status of 20"},
      {"a status below 100", "HTTP/1.1 042 OK\r\n\r\n", Kind::malformed, "begin at 100"},
      {"two lengths", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", Kind::malformed, "at byte"},
      {"a length that is none", ok + "Content-Length: many\r\n\r\n", Kind::malformed, "at byte"},
      {"a length of two numbers", ok + "Content-Length: 1, 2\r\n\r\n", Kind::malformed, "at byte"},
      {"a length below zero", ok + "Content-Length: -1\r\n\r\n", Kind::malformed, "at byte"},
      {"a length beyond 64 bits", ok + "Content-Length: 99999999999999999999\r\n\r\n", Kind::malformed,
       "at byte"},
      {"a length beside chunks", ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       Kind::malformed, "at byte"},
      {"chunks beside a length", ok + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
       Kind::malformed, "at byte"},
      {"a transfer coding that nobody asked for", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n",
       Kind::malformed, "was not asked for"},
      {"a chunk's size that is none", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", Kind::malformed,
       "at byte"},
      {"a chunk's size beyond 64 bits", ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
       Kind::malformed, "at byte"},
      {"a chunk that is longer than its size", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
       Kind::malformed, "at byte"},
      {"a NUL in a header", ok + std::string{"A: b\0c\r\n\r\n", 10}, Kind::malformed, "at byte"},
      {"a space in a header's name", ok + "A b: c\r\n\r\n", Kind::malformed, "at byte"},
      {"nothing at all", "", Kind::transport, "", End::closed},
      {"half a status line", "HTTP/1.1 2", Kind::transport, "", End::closed},
      {"headers that do not end", ok + "A: b\r\n", Kind::transport, "", End::closed},
      {"half a body", ok + "Content-Length: 10\r\n\r\nhalf", Kind::transport, "", End::closed},
      {"half a chunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", Kind::transport, "", End::closed},
      {"chunks without the last", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", Kind::transport, "",
       End::closed},
      {"only an interim response", "HTTP/1.1 100 Continue\r\n\r\n", Kind::transport, "", End::closed},
      {"a coding that nobody asked for", with_length("Content-Encoding: br\r\n", "bytes"), Kind::bad_encoding,
       "'br'"},
      {"gzip that is none", with_length("Content-Encoding: gzip\r\n", "<html></html>"), Kind::bad_encoding,
       "not compressed"},
      {"gzip that ends too early", with_length("Content-Encoding: gzip\r\n", gzip("hello").substr(0, 12)),
       Kind::bad_encoding, "not in itself"},
      {"gzip cut off by the end of the connection",
       ok + "Content-Encoding: gzip\r\n\r\n" + gzip("hello").substr(0, 12), Kind::bad_encoding,
       "not in itself", End::closed},
  };
  for (const auto& row : cases) {
    for (const auto step : steps) {
      const auto parsed = parse(row.bytes, step, row.end);
      ASSERT_EQ(parsed.progress, Progress::failed) << row.name << ", step " << step;
      EXPECT_EQ(parsed.failure.kind, row.kind) << row.name << ": " << parsed.failure.detail;
      EXPECT_THAT(parsed.failure.detail, HasSubstr(row.detail)) << row.name;
    }
  }
}

TEST(Response, HasLimits) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  std::string interims;
  for (int i = 0; i < 50; ++i) interims += "HTTP/1.1 103 Early Hints\r\n\r\n";
  const struct {
    const char* name;
    std::string bytes;
    Kind kind;
  } cases[] = {
      {"one long header", ok + "A: " + std::string(2000, 'x'), Kind::headers_too_large},
      {"one long name", ok + std::string(2000, 'x'), Kind::headers_too_large},
      {"a long reason", "HTTP/1.1 200 " + std::string(2000, 'x'), Kind::headers_too_large},
      {"white space in front of a value", ok + "A:" + std::string(2000, ' '), Kind::headers_too_large},
      {"empty lines in front of it all", std::string(2000, '\n'), Kind::headers_too_large},
      {"endless interim responses", interims, Kind::headers_too_large},
      {"large headers even of a complete response", with_length("A: " + std::string(2000, 'x') + "\r\n", "x"),
       Kind::headers_too_large},
      {"a chunk's long extension", chunked + "1;" + std::string(2000, 'x'), Kind::headers_too_large},
      {"a chunk's size of many zeros", chunked + std::string(2000, '0'), Kind::headers_too_large},
      {"endless trailers", chunked + "0\r\nA: " + std::string(2000, 'x'), Kind::headers_too_large},
      {"a body beyond its limit", with_length("", std::string(4097, 'x')), Kind::body_too_large},
      {"a body until the end", ok + "\r\n" + std::string(4097, 'x'), Kind::body_too_large},
      {"a chunk beyond it", chunked + "1001\r\n" + std::string(4097, 'x'), Kind::body_too_large},
      {"a small gzip of a large text",
       with_length("Content-Encoding: gzip\r\n", gzip(std::string(100000, 'x'))), Kind::body_too_large},
      {"an unknown coding beyond it", with_length("Content-Encoding: br\r\n", std::string(4097, 'x')),
       Kind::body_too_large},
  };
  for (const auto& row : cases) {
    for (const auto step : steps) {
      const auto parsed = parse(row.bytes, step, End::open, HttpParser::Expect::body, small);
      ASSERT_EQ(parsed.progress, Progress::failed) << row.name << ", step " << step;
      EXPECT_EQ(parsed.failure.kind, row.kind) << row.name << ": " << parsed.failure.detail;
      if (row.kind == Kind::body_too_large) {
        ASSERT_TRUE(parsed.partial) << row.name;
        EXPECT_EQ(parsed.partial->body, std::string(4096, 'x')) << row.name;
      }
    }
  }
  EXPECT_EQ(parse(with_length("", std::string(4096, 'x')), 100, End::open, HttpParser::Expect::body, small)
                .progress,
            Progress::complete);
}

TEST(Response, MayComeInAsManyChunksAsItHasBytes) {
  std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 4096; ++i) bytes += "00000001\r\nx\r\n";
  bytes += "0\r\n\r\n";
  for (const auto step : steps)
    EXPECT_EQ(parse(bytes, step, End::open, HttpParser::Expect::body, small).progress, Progress::complete)
        << step;
}

TEST(PartialResponse, IsWhatWasComplete) {
  const auto half = parse("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 10\r\n\r\nhalf", 3, End::closed);
  ASSERT_TRUE(half.partial);
  EXPECT_EQ(half.partial->status, 200);
  EXPECT_EQ(half.partial->body, "half");
  EXPECT_FALSE(half.partial->reusable);
  EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nA: b\r\n", 3, End::closed).partial);
  EXPECT_FALSE(parse("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", 3, End::closed).partial);
  const auto unknown = parse(with_length("Content-Encoding: br\r\n", "bytes"), 3);
  ASSERT_TRUE(unknown.partial);
  EXPECT_EQ(unknown.partial->body, "bytes");
  const auto cut =
      parse(with_length("Content-Encoding: gzip\r\n", gzip("hello") + gzip("again").substr(0, 12)), 3);
  ASSERT_TRUE(cut.partial);
  EXPECT_EQ(cut.partial->body.substr(0, 5), "hello");
}

TEST(Parser, StaysAsItEnded) {
  HttpParser done{HttpParser::Expect::body, {}};
  EXPECT_EQ(done.feed(with_length("", "x")), Progress::complete);
  EXPECT_EQ(done.feed("HTTP/1.1 500 x\r\n\r\n"), Progress::complete);
  EXPECT_EQ(done.end_of_stream(), Progress::complete);
  const auto response = done.take_response();
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.reusable);
  HttpParser failed{HttpParser::Expect::body, {}};
  EXPECT_EQ(failed.feed("nonsense"), Progress::failed);
  EXPECT_EQ(failed.feed(with_length("", "x")), Progress::failed);
  EXPECT_EQ(failed.end_of_stream(), Progress::failed);
  EXPECT_EQ(failed.take_failure().kind, Kind::malformed);
}

}  // namespace
}  // namespace fwprobe::probe
