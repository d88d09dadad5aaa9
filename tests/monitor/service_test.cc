#include "monitor/service.h"

#include <csignal>

#include <asio/steady_timer.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "probe/deadline.h"
#include "tests/support/servers.h"
#include "tests/support/sockets.h"

namespace fwprobe::monitor {
namespace {

using asio::awaitable;
using checks::Cause;
using probe::Clock;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr int long_queue = 4096;

Manner manner(Clock::duration timeout = 5s) {
  checks::Settings settings;
  settings.trace = checks::TraceMode::never;
  settings.timeout = timeout;
  settings.deadline = 2 * timeout;
  return {std::make_shared<const checks::Settings>(settings),
          std::make_shared<probe::TlsContexts>(*probe::TlsContexts::load({})),
          {}};
}

Watched watched(std::string id, const probe::TcpEndpoint& remote, Manner by = manner()) {
  Watched one;
  one.id = std::move(id);
  one.target =
      *checks::parse_target("tcp://" + remote.address().to_string() + ":" + std::to_string(remote.port()));
  one.name = one.target.text();
  one.manner = std::move(by);
  one.interval = 100ms;
  return one;
}

class ServiceTest : public testing::Test {
 protected:
  Plan plan(std::vector<Watched> targets) const {
    Plan plan;
    plan.targets = std::move(targets);
    plan.jobs = 4;
    plan.history.database = folder_.path("history.db");
    return plan;
  }

  ServiceParts parts() {
    ServiceParts parts{
        [this] { return next_plan_; },
        [this](const Board& board, std::size_t target, const Change& change) {
          told_.push_back(board.plan.targets.at(target).id + (change.to.as_expected ? " up" : " down"));
          return std::vector<Notice>{{"chat", change.at, told_.back(), change.at}};
        },
        Log{LogFormat::logfmt, null_}, ServiceManager{}, 50ms};
    return parts;
  }

  /// Until it holds, or a minute has passed.
  template <typename Condition>
  static awaitable<void> until(Service& service, Condition holds) {
    const auto give_up = Clock::now() + 60s;
    asio::steady_timer timer{service.context()};
    while (!holds() && Clock::now() < give_up) {
      timer.expires_after(2ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
    EXPECT_TRUE(holds());
  }

  /// A service that runs until `use` ends.
  template <typename Use>
  int serve(Plan first, ServiceParts with, Use use) {
    Service service{std::move(first), std::move(with)};
    const auto all = [&]() -> awaitable<void> {
      co_await use(service);
      service.stop();
    };
    service.accompany(all());
    return service.run();
  }

  void TearDown() override { ::close(null_); }

  tests::TempFolder folder_;
  int null_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  std::expected<Plan, std::string> next_plan_;
  std::vector<std::string> told_;
};

bool is_up(const Service& service, std::size_t target) {
  const auto& state = service.board().states.at(target);
  return state.confirmed && state.confirmed->as_expected;
}

bool is_down(const Service& service, std::size_t target) {
  const auto& state = service.board().states.at(target);
  return state.confirmed && !state.confirmed->as_expected;
}

TEST_F(ServiceTest, TellsChangesAndRemembersThemAfterARestart) {
  tests::Listener open{AF_INET, long_queue};
  const auto remote = open.endpoint();
  serve(plan({watched("web", remote)}), parts(), [&](Service& service) -> awaitable<void> {
    co_await until(service, [&] { return is_up(service, 0); });
    open.close();
    co_await until(service, [&] { return is_down(service, 0); });
    const auto& state = service.board().states.at(0);
    EXPECT_EQ(state.confirmed->cause, Cause::tcp_refused);
    EXPECT_EQ(state.changes.size(), 2U);
    co_await until(service, [&] { return service.board().health.notices_waiting == 2; });
    const auto report = co_await service.store().report("web");
    EXPECT_THAT(report->value_or(""), HasSubstr("fwprobe/report/v1"));
  });
  EXPECT_THAT(told_, testing::ElementsAre("web up", "web down"));

  told_.clear();
  serve(plan({watched("web", remote)}), parts(), [&](Service& service) -> awaitable<void> {
    co_await until(service, [&] { return service.board().states.at(0).last.has_value(); });
    const auto& state = service.board().states.at(0);
    EXPECT_TRUE(is_down(service, 0));
    EXPECT_EQ(state.changes.size(), 2U);
    const auto history = co_await service.store().history("web", {}, 1000);
    EXPECT_GT(history->size(), 3U);
  });
  EXPECT_TRUE(told_.empty());
}

TEST_F(ServiceTest, ABadPlanKeepsTheOldOne) {
  const tests::Listener open{AF_INET, long_queue};
  next_plan_ = std::unexpected{"suite.yaml:3:1: no such thing"};
  serve(plan({watched("web", open.endpoint())}), parts(), [&](Service& service) -> awaitable<void> {
    const auto loaded = service.board().health.loaded;
    const auto refused = co_await service.reload();
    EXPECT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error(), HasSubstr("suite.yaml:3:1"));
    EXPECT_EQ(service.board().health.reload_trouble, refused.error());
    EXPECT_EQ(service.board().health.loaded, loaded);
    co_await until(service, [&] { return is_up(service, 0); });
  });
}

TEST_F(ServiceTest, AHangUpReloadsAndTargetsKeepTheirState) {
  const tests::Listener open{AF_INET, long_queue};
  const tests::ClosedPort closed;
  next_plan_ = plan({watched("new", closed.endpoint()), watched("web", open.endpoint())});
  serve(plan({watched("gone", closed.endpoint()), watched("web", open.endpoint())}), parts(),
        [&](Service& service) -> awaitable<void> {
          co_await until(service, [&] { return is_up(service, 1) && is_down(service, 0); });
          const auto since = service.board().states.at(1).since;
          const auto generation = service.generation();
          std::raise(SIGHUP);
          co_await until(service, [&] { return service.generation() == generation + 1; });
          EXPECT_FALSE(service.board().states.at(0).confirmed);
          EXPECT_EQ(service.board().states.at(1).since, since);
          co_await until(service, [&] { return is_down(service, 0); });
          EXPECT_FALSE(service.board().health.reload_trouble);
        });
  EXPECT_EQ(std::ranges::count(told_, "web up"), 1);
  EXPECT_EQ(std::ranges::count(told_, "new down"), 1);
}

TEST_F(ServiceTest, SigtermEndsItAndWhatWasCutOffIsNotRecorded) {
  const tests::SilentListener silent;
  Service service{plan({watched("slow", silent.endpoint(), manner(30s))}), parts()};
  const auto end_it = [&]() -> awaitable<void> {
    co_await until(service, [&] { return service.board().states.at(0).running; });
    std::raise(SIGTERM);
    asio::steady_timer forever{service.context(), Clock::time_point::max()};
    co_await forever.async_wait(probe::as_result);
  };
  service.accompany(end_it());
  EXPECT_EQ(service.run(), SIGTERM);
  EXPECT_TRUE(service.board().health.draining);
  EXPECT_FALSE(service.board().states.at(0).last);
}

TEST_F(ServiceTest, NeverMeasuresATargetTwiceAtOnceAndIsPoliteToADestination) {
  const tests::SilentListener silent;
  std::vector<Watched> targets;
  for (int i = 0; i < 5; ++i)
    targets.push_back(watched("t" + std::to_string(i), silent.endpoint(), manner(300ms)));
  auto polite = plan(std::move(targets));
  polite.per_destination = 1;
  std::vector<std::pair<probe::WallClock::time_point, probe::WallClock::time_point>> spans;
  serve(std::move(polite), parts(), [&](Service& service) -> awaitable<void> {
    co_await until(service, [&] {
      return std::ranges::all_of(service.board().states,
                                 [](const auto& state) { return state.last.has_value(); });
    });
    for (const auto& state : service.board().states)
      spans.emplace_back(
          state.last->began,
          state.last->began + std::chrono::duration_cast<probe::WallClock::duration>(state.last->took));
    EXPECT_GT(service.board().health.overdue, 0U);
  });
  std::ranges::sort(spans);
  for (std::size_t i = 1; i < spans.size(); ++i) EXPECT_GE(spans[i].first + 5ms, spans[i - 1].second);
}

TEST_F(ServiceTest, GoesOnWithoutItsDatabase) {
  const tests::Listener open{AF_INET, long_queue};
  auto without = plan({watched("web", open.endpoint())});
  without.history.database = folder_.path("no/such/folder/history.db");
  serve(std::move(without), parts(), [&](Service& service) -> awaitable<void> {
    co_await until(service, [&] { return is_up(service, 0) && service.board().health.database_trouble; });
    EXPECT_THAT(*service.board().health.database_trouble, HasSubstr("must exist"));
    std::filesystem::create_directories(folder_.path("no/such/folder"));
    co_await until(service, [&] { return !service.board().health.database_trouble; });
    const auto history = co_await service.store().history("web", {}, 10);
    EXPECT_FALSE(history->empty());
    EXPECT_EQ(service.board().health.history_lost, 0U);
  });
}

std::string answer_of(const std::string& database, const char* sql) {
  sqlite3* opened = nullptr;
  sqlite3_open(database.c_str(), &opened);
  std::string answer;
  sqlite3_exec(
      opened, sql,
      [](void* text, int, char** values, char**) {
        *static_cast<std::string*>(text) += values[0];
        return 0;
      },
      &answer, nullptr);
  sqlite3_close(opened);
  return answer;
}

/// Killed at any moment, the database is whole, and what it knew of changes is told of no second time.
TEST_F(ServiceTest, SurvivesBeingKilled) {
  const tests::ClosedPort closed;
  const auto database = folder_.path("history.db");
  const auto two_targets = [&] {
    auto two = plan({watched("a", closed.endpoint()), watched("b", closed.endpoint())});
    for (auto& target : two.targets) target.interval = 10ms;
    return two;
  };
  constexpr int last = 49;
  int outcomes = 0;
  for (int round = 0; round <= last; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      Service service{two_targets(), parts()};
      service.run();
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>((round * 7919) % 100'000));
    if (round == last) {  // however slow the machine: this one has told of both
      const auto give_up = Clock::now() + 60s;
      while (answer_of(database, "SELECT count(*) FROM changes") != "2" && Clock::now() < give_up)
        ::usleep(2000);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ASSERT_EQ(answer_of(database, "PRAGMA integrity_check"), "ok") << "after kill " << round;
    const int kept = std::atoi(answer_of(database, "SELECT count(*) FROM outcomes").c_str());
    ASSERT_GE(kept, outcomes) << "after kill " << round;
    outcomes = kept;
  }
  EXPECT_GT(outcomes, 0);
  ASSERT_EQ(answer_of(database, "SELECT count(*) FROM changes"), "2")
      << "before the service that must not tell them";
  serve(two_targets(), parts(), [&](Service& service) -> awaitable<void> {
    co_await until(service, [&] { return is_down(service, 0) && is_down(service, 1); });
  });
  EXPECT_EQ(answer_of(database, "SELECT count(*) FROM changes"), "2");
  EXPECT_EQ(answer_of(database, "SELECT count(*) FROM notices"), "2");
}

}  // namespace
}  // namespace fwprobe::monitor
