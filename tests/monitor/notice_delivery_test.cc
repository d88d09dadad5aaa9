// Against real receivers: a Python server with faults, and Debian's Alertmanager.

#include <asio/co_spawn.hpp>
#include <asio/connect.hpp>
#include <asio/detached.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "monitor/notices/sender.h"
#include "monitor/service.h"
#include "tests/monitor/boards.h"
#include "tests/support/authority.h"
#include "tests/support/servers.h"
#include "tests/support/sockets.h"

namespace fwprobe::monitor {
namespace {

using asio::ip::tcp;
using checks::Cause;
using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using tests::fails;

class WebhookServer {
 public:
  explicit WebhookServer(const tests::Identity* leaf = nullptr)
      : endpoint_{tests::own_loopback(), tests::free_port(tests::own_loopback())} {
    std::ifstream script{std::string{SOURCE_DIR} + "/tests/monitor/receiver.py"};
    folder_.write("receiver.py", (std::stringstream{} << script.rdbuf()).str());
    std::vector<std::string> command{"python3", "receiver.py", endpoint_.address().to_string(),
                                     std::to_string(endpoint_.port())};
    if (leaf != nullptr) {
      folder_.write("leaf.pem", leaf->certificate_pem());
      folder_.write("leaf.key", leaf->key_pem());
      command.insert(command.end(), {"leaf.pem", "leaf.key"});
    }
    process_.emplace(folder_, std::move(command));
    EXPECT_TRUE(tests::listens(*process_, endpoint_)) << process_->log();
  }

  std::string url(std::string_view path, std::string_view scheme = "http") const {
    return fmt::format("{}://{}:{}/{}", scheme, endpoint_.address().to_string(), endpoint_.port(), path);
  }
  probe::TcpEndpoint endpoint() const { return endpoint_; }

  std::vector<json> requests() const {
    std::vector<json> requests;
    std::istringstream lines{process_->log()};
    for (std::string line; std::getline(lines, line);)
      if (auto request = json::parse(line, nullptr, false); request.is_object())
        requests.push_back(std::move(request));
    return requests;
  }

 private:
  tests::TempFolder folder_;
  probe::TcpEndpoint endpoint_;
  std::optional<tests::Process> process_;
};

Receiver reach(std::string url, const std::function<void(checks::Settings&)>& change = {}) {
  auto receiver = tests::receiver(ReceiverKind::webhook, std::move(url));
  auto settings = std::make_shared<checks::Settings>(*receiver.manner.settings);
  if (change) change(*settings);
  receiver.manner.settings = std::move(settings);
  return receiver;
}

Attempt attempt(const Receiver& receiver, std::string body = "{}") {
  asio::io_context context;
  return tests::run(context, deliver(receiver, std::move(body)));
}

TEST(Delivery, PostsJsonWithItsAuthorization) {
  const WebhookServer server;
  auto receiver = reach(server.url("hook?a=b"));
  receiver.authorization = probe::Secret{"Bearer abc"};
  const auto made = attempt(receiver, R"({"title":"ä"})");
  EXPECT_TRUE(made.taken()) << made.trouble;
  EXPECT_EQ(made.status, 200);
  const auto requests = server.requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0]["path"], "/hook?a=b");
  EXPECT_EQ(requests[0]["body"], R"({"title":"ä"})");
  EXPECT_EQ(requests[0]["headers"]["content-type"], "application/json");
  EXPECT_EQ(requests[0]["headers"]["authorization"], "Bearer abc");
}

TEST(Delivery, SaysWhatWentWrong) {
  const WebhookServer server;
  const auto closed = tests::free_port(tests::own_loopback());
  const struct {
    const char* name;
    std::string url;
    const char* trouble;
    bool again;
  } rows[] = {
      {"an error of the server", server.url("500"), "HTTP 500", true},
      {"refused", server.url("404"), "HTTP 404", false},
      {"elsewhere", server.url("302"), "HTTP 302 Found, and redirects are not followed", false},
      {"a reset", server.url("reset"), "the request: ECONNRESET", true},
      {"not HTTP", server.url("garbage"), "the request: ", true},
      {"nobody listens", fmt::format("http://{}:{}/", tests::own_loopback().to_string(), closed),
       "ECONNREFUSED", true},
      {"no such name", "http://receiver.invalid/", "no address of receiver.invalid is known", true},
      {"no URL", "nonsense", "its URL is not one", false},
  };
  for (const auto& row : rows) {
    const auto made = attempt(reach(row.url, [](checks::Settings& settings) {
      // Nobody answers there, at once.
      settings.dns_servers = {{tests::own_loopback(), tests::free_port(tests::own_loopback())}};
    }));
    EXPECT_THAT(made.trouble, HasSubstr(row.trouble)) << row.name;
    EXPECT_EQ(may_be_taken_later(made), row.again) << row.name;
  }
}

TEST(Delivery, GivesASilentReceiverUp) {
  const WebhookServer server;
  const auto made = attempt(
      reach(server.url("silent"), [](auto& settings) { settings.timeout = std::chrono::milliseconds{300}; }));
  EXPECT_THAT(made.trouble, HasSubstr("no answer in time"));
  EXPECT_TRUE(may_be_taken_later(made));
}

TEST(Delivery, HonoursRetryAfter) {
  const WebhookServer server;
  EXPECT_EQ(attempt(reach(server.url("429"))).retry_after, seconds{7});
}

TEST(Delivery, ShowsNoSecretThatTheReceiverEchoes) {
  const WebhookServer server;
  auto receiver = reach(server.url("echo/T0001/B0002/xyzzyxyzzy"));
  receiver.authorization = probe::Secret{"Bearer plughplugh"};
  const auto made = attempt(receiver);
  EXPECT_THAT(made.trouble, HasSubstr("HTTP 400"));
  EXPECT_THAT(made.trouble, HasSubstr("no: "));
  EXPECT_THAT(made.trouble, Not(HasSubstr("xyzzy")));
  EXPECT_THAT(made.trouble, Not(HasSubstr("plugh")));
}

TEST(Delivery, SendsNoAuthorizationInClearTextToAnotherMachine) {
  auto receiver = reach("http://192.0.2.1/");
  receiver.authorization = probe::Secret{"Bearer abc"};
  const auto made = attempt(receiver);
  EXPECT_EQ(made.trouble, "its authorization goes over https only");
  EXPECT_FALSE(may_be_taken_later(made));
}

TEST(Delivery, VerifiesTheCertificateWithThePrivateAuthority) {
  const auto root = tests::issue({.name = "root", .alternative_names = "", .authority = true});
  const auto leaf = tests::issue({.name = "hooks.test", .alternative_names = "DNS:hooks.test"}, &root);
  const WebhookServer server{&leaf};
  const tests::TempFolder folder;
  folder.write("root.pem", root.certificate_pem());
  const auto url = [&](const char* host) {
    return fmt::format("https://{}:{}/hook", host, server.endpoint().port());
  };
  const auto with = [&](const char* host, bool trusted) {
    return reach(url(host), [&, host](checks::Settings& settings) {
      settings.overrides = {{host, {server.endpoint().address()}}};
      if (trusted) settings.tls.ca_file = folder.path("root.pem");
    });
  };
  const auto made = attempt(with("hooks.test", true));
  EXPECT_TRUE(made.taken()) << made.trouble;
  EXPECT_THAT(attempt(with("hooks.test", false)).trouble, HasSubstr("TLS: its certificate is not trusted"));
  EXPECT_THAT(attempt(with("other.test", true)).trouble, HasSubstr("TLS: its certificate is not trusted"));
  EXPECT_THAT(server.requests(), SizeIs(1));
}

TEST(Delivery, GoesThroughTheProxy) {
  const WebhookServer server;  // takes what is asked of a proxy in absolute form, too
  const auto made = attempt(reach("http://receiver.invalid/hook", [&](checks::Settings& settings) {
    settings.proxies = *probe::ProxyRules::fixed(
        fmt::format("http://{}:{}", server.endpoint().address().to_string(), server.endpoint().port()));
  }));
  EXPECT_TRUE(made.taken()) << made.trouble;
  EXPECT_EQ(server.requests().at(0)["path"], "http://receiver.invalid/hook");
}

// ---- the whole way: from a change to the receiver

class MemoryQueue {
 public:
  void enqueue(Notice notice) { waiting_.push_back({++last_, std::move(notice), 0}); }
  asio::awaitable<std::vector<QueuedNotice>> take_due(probe::WallClock::time_point now, std::size_t limit) {
    std::vector<QueuedNotice> due;
    for (const auto& one : waiting_)
      if (one.notice.next_attempt <= now && due.size() < limit) due.push_back(one);
    co_return due;
  }
  void done(std::int64_t id) {
    std::erase_if(waiting_, [&](const auto& one) { return one.id == id; });
  }
  void retry(std::int64_t id, probe::WallClock::time_point next) {
    for (auto& one : waiting_)
      if (one.id == id) one.notice.next_attempt = next;
  }
  std::size_t size() const { return waiting_.size(); }

 private:
  std::vector<QueuedNotice> waiting_;
  std::int64_t last_ = 0;
};

class FakeService {
 public:
  explicit FakeService(Board board) : board_{std::move(board)}, log_{LogFormat::logfmt, file_.get()} {}
  Board& board() { return board_; }
  MemoryQueue& store() { return queue_; }
  Log& log() { return log_; }
  void count_notices(std::uint64_t sent, std::uint64_t failed) {
    board_.health.notices_sent += sent;
    board_.health.notices_failed += failed;
  }

  void change(std::size_t target, Verdict to) {
    const auto told = tests::change(board_, target, to, probe::WallClock::now());
    for (auto& notice : notices_of(board_, target, told)) queue_.enqueue(std::move(notice));
  }

  /// Sends until `enough`, or a bound.
  void send_until(const std::function<bool()>& enough) {
    asio::io_context context;
    asio::cancellation_signal stop;
    asio::co_spawn(context, send_notices(*this), asio::bind_cancellation_slot(stop.slot(), asio::detached));
    const auto give_up = probe::Clock::now() + seconds{30};
    while (!enough() && probe::Clock::now() < give_up) context.run_for(std::chrono::milliseconds{20});
    EXPECT_TRUE(enough());
    stop.emit(asio::cancellation_type::terminal);
    context.run();
  }

  std::string logged() const {
    std::string text(10'000, '\0');
    const auto length = ::pread(file_.get(), text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    return text;
  }

 private:
  /// Without a name.
  struct File {
    int descriptor = ::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { ::close(descriptor); }
    int get() const { return descriptor; }
  };
  Board board_;
  MemoryQueue queue_;
  File file_;
  Log log_;
};

static_assert(NoticeService<FakeService> && NoticeService<Service>);

Board board_for(std::vector<Receiver> receivers) {
  auto board = tests::board_of({tests::watched("git"), tests::watched("web")});
  board.plan.notices.receivers = std::move(receivers);
  board.plan.notices.group_wait = std::chrono::milliseconds{100};
  return board;
}

TEST(Sender, TellsWhatWaitsAndTriesAgain) {
  const WebhookServer server;
  FakeService service{
      board_for({tests::receiver(ReceiverKind::webhook, server.url("first-500/s3cr3ts3cr3t"))})};
  service.change(0, fails(Cause::tcp_filtered));
  service.change(1, fails(Cause::tcp_refused));
  service.send_until([&] { return service.board().health.notices_sent == 1; });
  EXPECT_EQ(service.board().health.notices_failed, 1U);
  EXPECT_EQ(service.store().size(), 0U);
  const auto requests = server.requests();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(json::parse(requests[1]["body"].get<std::string>())["title"], "2 failed");
  EXPECT_THAT(service.logged(), HasSubstr("notice failed"));
  EXPECT_THAT(service.logged(), HasSubstr("HTTP 500"));
  EXPECT_THAT(service.logged(), Not(HasSubstr("s3cr3t")));
}

TEST(Sender, LetsNobodyWaitForASilentReceiver) {
  const WebhookServer server;
  FakeService service{board_for({tests::receiver(ReceiverKind::webhook, server.url("silent"), "silent"),
                                 tests::receiver(ReceiverKind::slack, server.url("hook"), "good")})};
  service.change(0, fails(Cause::tcp_filtered));
  service.send_until([&] { return service.board().health.notices_sent == 1; });
  EXPECT_EQ(service.board().health.notices_failed, 0U);
  EXPECT_EQ(service.store().size(), 1U);  // told again after the next start
}

class Alertmanager {
 public:
  Alertmanager() : endpoint_{tests::own_loopback(), tests::free_port(tests::own_loopback())} {
    folder_.write("alertmanager.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
    process_.emplace(
        folder_, std::vector<std::string>{"prometheus-alertmanager", "--config.file=alertmanager.yml",
                                          "--storage.path=data", "--cluster.listen-address=",
                                          fmt::format("--web.listen-address={}:{}",
                                                      endpoint_.address().to_string(), endpoint_.port())});
    EXPECT_TRUE(tests::listens(*process_, endpoint_)) << process_->log();
  }

  std::string url() const {
    return fmt::format("http://{}:{}", endpoint_.address().to_string(), endpoint_.port());
  }

  json alerts() const {
    asio::io_context context;
    tcp::socket socket{context};
    socket.connect(endpoint_);
    asio::write(socket,
                asio::buffer(std::string{"GET /api/v2/alerts HTTP/1.0\r\nHost: alertmanager\r\n\r\n"}));
    std::string answer;
    std::error_code end;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    return json::parse(answer.substr(answer.find("\r\n\r\n") + 4), nullptr, false);
  }

 private:
  tests::TempFolder folder_;
  probe::TcpEndpoint endpoint_;
  std::optional<tests::Process> process_;
};

TEST(Sender, TellsAlertmanagerOfAFailureAndOfItsEnd) {
  const Alertmanager manager;
  FakeService service{board_for({tests::receiver(ReceiverKind::alertmanager, manager.url())})};
  service.board().plan.web.external_url = "https://probe.example.test";
  service.change(0, fails(Cause::tcp_filtered));
  service.send_until([&] { return manager.alerts().size() == 1; });
  const auto alert = manager.alerts().at(0);
  EXPECT_EQ(alert["labels"]["alertname"], "FwprobeTargetFailed");
  EXPECT_EQ(alert["labels"]["cause"], "tcp.filtered");
  EXPECT_EQ(alert["labels"]["target"], "git");
  EXPECT_EQ(alert["status"]["state"], "active");
  EXPECT_EQ(alert["generatorURL"], "https://probe.example.test/targets/git");
  service.change(0, fails(Cause::tcp_refused));
  service.send_until([&] {
    const auto alerts = manager.alerts();
    return alerts.size() == 1 && alerts[0]["labels"]["cause"] == "tcp.refused";
  });
  service.change(0, tests::pass());
  service.send_until([&] { return manager.alerts().empty(); });
  EXPECT_EQ(service.board().health.notices_failed, 0U);
}

}  // namespace
}  // namespace fwprobe::monitor
