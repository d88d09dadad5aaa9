#include "checks/black_hole.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::uint16_t full = 1448;
constexpr auto address = "192.0.2.9";
constexpr auto url = "http://azure.example.com/";

probe::TcpConnect line(const char* to_address, std::uint16_t port, probe::TcpPurpose purpose,
                       std::uint16_t segment = 0) {
  auto made = connected({{ip(to_address), port}, purpose, 1, segment});
  made.result->info.segment_size = full;
  made.result->info.path_mtu = 1500;
  return made;
}

/// The request arrived, and what came were small segments or none.
constexpr probe::TcpEnd answer_lost{0, 536, 1500, 0};
constexpr probe::TcpEnd request_lost{4200, 536, 1500, 5};
constexpr probe::TcpEnd large_came{0, full, 1500, 0};
constexpr probe::TcpEnd hello_lost{300, 536, 1500, 4};

probe::TlsFailure stalled_hello(probe::TcpEnd progress) {
  probe::TlsFailure failure;
  failure.transport = deadline();
  failure.tcp = progress;
  failure.acknowledged = progress.unacknowledged == 0;
  return failure;
}
probe::HttpFailure stalled_body(probe::TcpEnd progress, std::size_t received) {
  probe::HttpFailure failure;
  failure.transport = deadline();
  failure.tcp = progress;
  failure.received = received;
  return failure;
}

/// A plain exchange that stalled (m3), and its repetitions with small segments (m5) and as before (m7).
Scene exchanges(probe::HttpExchange own, probe::HttpExchange small, probe::HttpExchange large,
                const char* to_address = address) {
  Scene scene{url};
  own.question.connection = {2};
  small.question.connection = {4};
  large.question.connection = {6};
  scene.add(line(to_address, 80, probe::TcpPurpose::reach)).add(std::move(own));
  scene.add(line(to_address, 80, probe::TcpPurpose::compare, safe_segment(ip(to_address))))
      .add(std::move(small));
  scene.add(line(to_address, 80, probe::TcpPurpose::compare)).add(std::move(large));
  return scene;
}
probe::HttpExchange stalls(probe::TcpEnd progress, std::size_t received = 0) {
  return unanswered(0, url, stalled_body(progress, received));
}
probe::HttpExchange completes() { return answered(0, url, 200); }
probe::HttpExchange closes() {
  probe::HttpFailure failure;
  failure.transport = closed();
  return unanswered(0, url, failure);
}

struct Row {
  const char* name;
  Scene scene;
  const char* verdict;
};

TEST(BlackHole, IsTheCauseOnlyWhereSizeDecides) {
  const Row rows[] = {
      {"small segments pass and full ones stall twice",
       exchanges(stalls(answer_lost), completes(), stalls(answer_lost)),
       "fail tcp.path_mtu_black_hole path high"},
      {"so over IPv6", exchanges(stalls(answer_lost), completes(), stalls(answer_lost), "2001:db8::9"),
       "fail tcp.path_mtu_black_hole path high"},
      {"a large request that is never acknowledged",
       exchanges(stalls(request_lost), completes(), stalls(request_lost)),
       "fail tcp.path_mtu_black_hole path high"},
      {"the response's first bytes were small and came",
       exchanges(stalls(answer_lost, 300), completes(), stalls(answer_lost, 300)),
       "fail tcp.path_mtu_black_hole path high"},
      {"a body that is too long for the time, but goes on with small segments",
       exchanges(stalls(answer_lost, 300), stalls(answer_lost, 900'000), stalls(answer_lost, 300)),
       "fail tcp.path_mtu_black_hole path medium"},
      {"a slow server is slow with small segments as well",
       exchanges(stalls(answer_lost), stalls(answer_lost), stalls(answer_lost)),
       "fail http.timeout server medium"},
      {"a server that was slow once answers whatever the size",
       exchanges(stalls(answer_lost), completes(), completes()), "fail http.timeout server medium"},
      {"a response that drips got a little further by chance",
       exchanges(stalls(answer_lost, 500), stalls(answer_lost, 900), stalls(answer_lost, 500)),
       "fail http.timeout server medium"},
      {"full-size segments came before the stall",
       exchanges(stalls(large_came, 40'000), completes(), stalls(large_came, 40'000)),
       "fail http.timeout server medium"},
      {"full-size segments came when it was repeated",
       exchanges(stalls(answer_lost), completes(), stalls(large_came, 40'000)),
       "fail http.timeout server medium"},
      {"what was lost is small enough for any link",
       exchanges(stalls(hello_lost), completes(), stalls(hello_lost)), "fail http.timeout server medium"},
      {"an end of the connection is no progress",
       exchanges(stalls(answer_lost), closes(), stalls(answer_lost)), "fail http.timeout server medium"},
      {"without the repetitions nothing is known",
       Scene{url}
           .add(line(address, 80, probe::TcpPurpose::reach))
           .add(unanswered(2, url, stalled_body(answer_lost, 0))),
       "fail http.timeout server medium"},
      {"without the second one neither",
       Scene{url}
           .add(line(address, 80, probe::TcpPurpose::reach))
           .add(unanswered(2, url, stalled_body(answer_lost, 0)))
           .add(line(address, 80, probe::TcpPurpose::compare, 536))
           .add(answered(4, url, 200)),
       "fail http.timeout server medium"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(brief(row.scene.judged_by(check_http)).front(), row.verdict);
  }
}

/// A handshake that stalled (m3), other names that were answered (m5), and the repetitions (m7, m9).
Scene handshakes(probe::TcpEnd progress, probe::TlsHandshake small, probe::TlsHandshake large) {
  Scene scene{"https://azure.example.com/"};
  scene.add(line(address, 443, probe::TcpPurpose::reach))
      .add(failed(hello(2, scene.target), stalled_hello(progress)));
  auto other = hello(4, scene.target, probe::TlsPolicy::comparison);
  other.server_name = "www.example.com";
  scene.add(connected(to(address, 443, 2))).add(shaken(other, {certificate("CN=other", "CN=CA")}));
  small.question = hello(6, scene.target);
  large.question = hello(8, scene.target);
  scene.add(line(address, 443, probe::TcpPurpose::compare, 536)).add(std::move(small));
  scene.add(line(address, 443, probe::TcpPurpose::compare)).add(std::move(large));
  return scene;
}

TEST(BlackHole, InAHandshakeComesBeforeAFilterOfNames) {
  const auto done = shaken({}, {certificate("CN=azure.example.com", "CN=CA")});
  const auto stuck = [](probe::TcpEnd progress) { return failed({}, stalled_hello(progress)); };
  const Row rows[] = {
      {"the certificates of other names are smaller and come",
       handshakes(answer_lost, done, stuck(answer_lost)), "fail tcp.path_mtu_black_hole path high"},
      {"a ClientHello that was never acknowledged is small: it is its name",
       handshakes(hello_lost, done, stuck(hello_lost)), "fail tls.sni_filtered path high"},
      {"a server that answers none of them", handshakes(answer_lost, stuck(answer_lost), stuck(answer_lost)),
       "fail tls.client_hello_dropped path medium"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(brief(row.scene.judged_by(check_tls)).front(), row.verdict);
    EXPECT_THAT(row.scene.judged_by(check_tls), SizeIs(1)) << "a repetition has no verdict of its own";
  }
}

TEST(BlackHole, TheRemedyNamesTheClampAndTheMessageOfTheFamily) {
  const auto six =
      exchanges(stalls(answer_lost), completes(), stalls(answer_lost), "2001:db8::9").judged_by(check_http);
  EXPECT_THAT(steps(six), HasSubstr("ICMPv6 type 2"));
  EXPECT_THAT(steps(six), HasSubstr("advmss 1220"));
  const auto four = exchanges(stalls(answer_lost), completes(), stalls(answer_lost)).judged_by(check_http);
  EXPECT_THAT(steps(four), HasSubstr("ICMP type 3 code 4"));
  EXPECT_THAT(steps(four), HasSubstr("tcp option maxseg size set rt mtu"));
  EXPECT_THAT(steps(four), HasSubstr("--clamp-mss-to-pmtu"));
  EXPECT_THAT(words(four), HasSubstr("no ICMP message says"));
}

// ---- what is asked

struct Asked {
  Scene scene;
  std::vector<probe::Question> questions(const std::vector<probe::Question>& overdue = {}) const {
    const auto evidence = scene.evidence();
    std::vector<probe::Question> before;
    for (const auto& measurement : evidence.measurements()) before.push_back(question_of(measurement.fact));
    Ledger ledger{evidence, before};
    compare_segment_sizes({scene.target, scene.settings, evidence}, overdue, ledger);
    std::vector<probe::Question> found;
    for (auto& planned : std::move(ledger).take_new()) {
      EXPECT_THAT(planned.because, Not(IsEmpty()));
      found.push_back(std::move(planned.question));
    }
    return found;
  }
};

Scene stalled(const char* to_address, probe::TcpEnd progress, const char* method = "GET") {
  Scene scene{url};
  auto exchange = unanswered(2, url, stalled_body(progress, 0));
  exchange.question.request.method = method;
  return scene.add(line(to_address, 80, probe::TcpPurpose::reach)).add(exchange);
}

TEST(BlackHole, AStallIsRepeatedWithBothSizesAtOnce) {
  const auto questions = Asked{stalled(address, answer_lost)}.questions();
  ASSERT_THAT(questions, SizeIs(2));
  EXPECT_EQ(std::get<probe::TcpQuestion>(questions[0]),
            (probe::TcpQuestion{{ip(address), 80}, probe::TcpPurpose::compare, 1, 536}));
  EXPECT_EQ(std::get<probe::TcpQuestion>(questions[1]),
            (probe::TcpQuestion{{ip(address), 80}, probe::TcpPurpose::compare, 1, 0}));
}

TEST(BlackHole, TheSameRequestGoesOverEachRepetition) {
  auto scene = stalled(address, answer_lost);
  scene.add(line(address, 80, probe::TcpPurpose::compare, 536));
  const auto questions = Asked{scene}.questions();
  ASSERT_THAT(questions, SizeIs(2));
  const auto& request = std::get<probe::HttpQuestion>(questions[0]);
  EXPECT_EQ(request.connection, probe::MeasurementId{4});
  EXPECT_EQ(request.request, exchange(0, url).question.request);
}

TEST(BlackHole, NothingIsRepeatedThatSizeCannotExplain) {
  const std::pair<const char*, Scene> rows[] = {
      {"an answer", Scene{url}.add(line(address, 80, probe::TcpPurpose::reach)).add(answered(2, url, 200))},
      {"an end", Scene{url}.add(line(address, 80, probe::TcpPurpose::reach)).add([] {
         auto ended = closes();
         ended.question.connection = {2};
         return ended;
       }())},
      {"a stall behind full-size segments", stalled(address, large_came)},
      {"small segments that are not acknowledged", stalled(address, hello_lost)},
      {"a request that may change something", stalled(address, answer_lost, "POST")},
      {"this machine itself", stalled("127.0.0.1", answer_lost)},
  };
  for (const auto& [name, scene] : rows) {
    SCOPED_TRACE(name);
    EXPECT_THAT(Asked{scene}.questions(), IsEmpty());
  }
}

TEST(BlackHole, AHandshakeIsRepeatedAsSoonAsItIsOverdue) {
  Scene scene{"https://azure.example.com/"};
  scene.add(line("2001:db8::9", 443, probe::TcpPurpose::reach));
  const auto questions = Asked{scene}.questions({hello(2, scene.target)});
  ASSERT_THAT(questions, SizeIs(2));
  EXPECT_EQ(std::get<probe::TcpQuestion>(questions[0]).max_segment, 1220);
}

TEST(BlackHole, ARequestOverTlsIsRepeatedFromTheConnectionOn) {
  Scene scene{"https://azure.example.com/"};
  const auto* secure = "https://azure.example.com/";
  scene.add(line(address, 443, probe::TcpPurpose::reach))
      .add(shaken(hello(2, scene.target), {certificate("CN=a", "CN=CA")}))
      .add(answered(3, secure, 301))
      .add(unanswered(4, secure, stalled_body(answer_lost, 0)))  // on the kept connection
      .add(line(address, 443, probe::TcpPurpose::compare, 536))
      .add(shaken(hello(6, scene.target), {certificate("CN=a", "CN=CA")}));
  const auto questions = Asked{scene}.questions();
  ASSERT_THAT(questions, SizeIs(2));
  EXPECT_EQ(std::get<probe::HttpQuestion>(questions[0]).connection, probe::MeasurementId{7});
}

}  // namespace
}  // namespace fwprobe::checks
