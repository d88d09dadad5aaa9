#include "monitor/store.h"

#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "monitor/tasks.h"
#include "tests/support/servers.h"
#include "tests/support/sockets.h"

namespace fwprobe::monitor {
namespace {

using checks::Cause;
using checks::Status;
using probe::Clock;
using testing::HasSubstr;
using namespace std::chrono_literals;

const probe::WallClock::time_point now =
    std::chrono::floor<std::chrono::microseconds>(probe::WallClock::now());

Outcome full_outcome() {
  Outcome outcome;
  outcome.began = now;
  outcome.took = 12'345us;
  outcome.status = Status::fail;
  outcome.cause = Cause::tcp_rejected;
  outcome.location = checks::Location{checks::Where::path, 3, asio::ip::make_address("192.0.2.1"),
                                      checks::Precision::after, asio::ip::make_address("2001:db8::1")};
  outcome.confidence = checks::Confidence::medium;
  outcome.responsible = checks::Responsible::network;
  outcome.summary = "a router says 'no'; \xc3\xa4";
  outcome.phases = {1ms, 2ms, 3ms, 4ms, 5ms};
  outcome.leaf_expiry = now + 1h;
  outcome.chain_expiry = now + 2h;
  outcome.tls_version = "TLSv1.3";
  outcome.http_status = 503;
  outcome.http_body_bytes = 99;
  outcome.redirects = 2;
  outcome.ipv6 = true;
  outcome.listed = false;
  outcome.list_stale_at = now + 3h;
  return outcome;
}

Change change_to(Status status, std::string summary, std::optional<Verdict> from = {}) {
  return {now, from, Verdict{status, status == Status::pass, {}}, std::move(summary)};
}

/// A store in a folder, and the thread that asks it.
class StoreTest : public testing::Test {
 protected:
  std::string path() const { return folder_.path("history.db"); }

  /// A service that begins, does this, and ends.
  template <typename Use>
  void with_store(Use use, Store::Limits limits = {}) {
    asio::io_context context;
    Store store{context.get_executor(), path(), limits};
    Tasks tasks{context.get_executor()};
    tasks.spawn(store.run());
    const auto all = [&]() -> asio::awaitable<bool> {
      co_await use(store);
      tasks.cancel();
      co_return co_await tasks.ended();
    };
    tests::run(context, all());
  }

  std::string integrity() {
    sqlite3* database = nullptr;
    sqlite3_open(path().c_str(), &database);
    std::string answer;
    sqlite3_exec(
        database, "PRAGMA integrity_check",
        [](void* text, int, char** values, char**) {
          *static_cast<std::string*>(text) += values[0];
          return 0;
        },
        &answer, nullptr);
    sqlite3_close(database);
    return answer;
  }

  tests::TempFolder folder_;
};

asio::awaitable<bool> flushed(Store& store) { return store.flush(Clock::now() + 20s); }

TEST_F(StoreTest, GivesBackWhatWasRecorded) {
  const auto passed = [] {
    Outcome outcome;
    outcome.began = now + 1s;
    outcome.status = Status::pass;
    outcome.as_expected = true;
    outcome.summary = "200 OK";
    return outcome;
  }();
  with_store([&](Store& store) -> asio::awaitable<void> {
    store.record("a", full_outcome());
    store.record("a", passed);
    store.record("b", passed);
    EXPECT_TRUE(co_await flushed(store));
    const auto found = co_await store.history("a", now - 1h, 10);
    EXPECT_TRUE(found.has_value());
    if (!found || found->size() != 2) {
      ADD_FAILURE() << "outcomes are missing";
      co_return;
    }
    EXPECT_EQ((*found)[0].began, passed.began);
    const auto& full = (*found)[1];
    const auto wanted = full_outcome();
    EXPECT_EQ(full.began, wanted.began);
    EXPECT_EQ(full.took, wanted.took);
    EXPECT_EQ(full.status, wanted.status);
    EXPECT_EQ(full.cause, wanted.cause);
    EXPECT_EQ(full.location->where, wanted.location->where);
    EXPECT_EQ(full.location->hop, wanted.location->hop);
    EXPECT_EQ(full.location->address, wanted.location->address);
    EXPECT_EQ(full.location->precision, wanted.location->precision);
    EXPECT_EQ(full.location->next, wanted.location->next);
    EXPECT_EQ(full.confidence, wanted.confidence);
    EXPECT_EQ(full.responsible, wanted.responsible);
    EXPECT_EQ(full.summary, wanted.summary);
    EXPECT_EQ(full.phases.dns, wanted.phases.dns);
    EXPECT_EQ(full.phases.http_transfer, wanted.phases.http_transfer);
    EXPECT_EQ(full.leaf_expiry, wanted.leaf_expiry);
    EXPECT_EQ(full.chain_expiry, wanted.chain_expiry);
    EXPECT_EQ(full.tls_version, wanted.tls_version);
    EXPECT_EQ(full.http_status, wanted.http_status);
    EXPECT_EQ(full.http_body_bytes, wanted.http_body_bytes);
    EXPECT_EQ(full.redirects, wanted.redirects);
    EXPECT_EQ(full.ipv6, wanted.ipv6);
    EXPECT_EQ(full.listed, wanted.listed);
    EXPECT_EQ(full.list_stale_at, wanted.list_stale_at);
    const auto newest = co_await store.history("a", now - 1h, 1);
    EXPECT_EQ(newest->size(), 1U);
    const auto later = co_await store.history("a", now + 2s, 10);
    EXPECT_TRUE(later->empty());
  });
  EXPECT_EQ(integrity(), "ok");
}

TEST_F(StoreTest, RemembersChangesAfterARestart) {
  with_store([](Store& store) -> asio::awaitable<void> {
    store.record("a", full_outcome());
    store.record("a", change_to(Status::pass, "first"));
    auto second = change_to(Status::fail, "second", Verdict{Status::pass, true, {}});
    second.at = now + 5s;
    second.to.cause = Cause::tcp_filtered;
    store.record("a", second);
    EXPECT_TRUE(co_await flushed(store));
  });
  with_store([](Store& store) -> asio::awaitable<void> {
    const auto memory = co_await store.restore();
    EXPECT_TRUE(memory.has_value());
    const auto& known = memory->at("a");
    EXPECT_EQ(known.confirmed, (Verdict{Status::fail, false, Cause::tcp_filtered}));
    EXPECT_EQ(known.since, now + 5s);
    EXPECT_EQ(known.changes.size(), 2U);
    EXPECT_EQ(known.changes.front().summary, "second");
    EXPECT_EQ(known.changes.front().from, (Verdict{Status::pass, true, {}}));
    EXPECT_FALSE(known.changes.back().from);
  });
}

TEST_F(StoreTest, KeepsTheNewestChangesOnly) {
  with_store([](Store& store) -> asio::awaitable<void> {
    store.record("a", full_outcome());
    for (int i = 0; i < 100; ++i) store.record("a", change_to(Status::pass, std::to_string(i)));
    EXPECT_TRUE(co_await flushed(store));
    const auto memory = co_await store.restore();
    const auto& changes = memory->at("a").changes;
    EXPECT_EQ(changes.size(), changes_kept);
    EXPECT_EQ(changes.front().summary, "99");
  });
}

TEST_F(StoreTest, KeepsTheLastReport) {
  with_store([](Store& store) -> asio::awaitable<void> {
    const auto none = co_await store.report("a");
    EXPECT_TRUE(none.has_value());
    EXPECT_FALSE(*none);
    reports::Report report;
    report.run_id = "first";
    EXPECT_TRUE(store.keep_report("a", report));
    report.run_id = "second";
    EXPECT_TRUE(store.keep_report("a", report));
    EXPECT_TRUE(co_await flushed(store));
    const auto kept = co_await store.report("a");
    EXPECT_TRUE(kept.has_value());
    EXPECT_THAT(kept->value_or(""), HasSubstr("second"));
  });
}

TEST_F(StoreTest, DropsHistoryThatIsTooOld) {
  Store::Limits limits;
  limits.retention = std::chrono::days{30};
  with_store(
      [](Store& store) -> asio::awaitable<void> {
        auto old = full_outcome();
        old.began = now - std::chrono::days{31};
        for (int i = 0; i < 300; ++i) store.record("a", old);
        EXPECT_TRUE(co_await flushed(store));
        for (int i = 0; i < 300; ++i) store.record("a", full_outcome());
        EXPECT_TRUE(co_await flushed(store));
        const auto left = co_await store.history("a", {}, 1000);
        EXPECT_EQ(left->size(), 300U);
      },
      limits);
}

Notice notice(std::string payload, probe::WallClock::time_point next_attempt = now) {
  return {"chat", now, std::move(payload), next_attempt};
}

TEST_F(StoreTest, QueuesNoticesOverARestart) {
  with_store([](Store& store) -> asio::awaitable<void> {
    store.enqueue(notice("one"));
    store.enqueue(notice("two"));
    store.enqueue(notice("later", now + 1h));
    // Not on disk yet, and due all the same.
    auto due = co_await store.take_due(now, 10);
    EXPECT_EQ(due.size(), 2U);
    store.done(due[0].id);
    EXPECT_TRUE(co_await flushed(store));
    due = co_await store.take_due(now, 10);
    EXPECT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].notice.payload, "two");
    store.retry(due[0].id, now + 1min);
    due = co_await store.take_due(now, 10);
    EXPECT_TRUE(due.empty());
    EXPECT_EQ(store.health().notices_waiting, 2U);
    EXPECT_TRUE(co_await flushed(store));
  });
  with_store([](Store& store) -> asio::awaitable<void> {
    co_await store.restore();
    EXPECT_EQ(store.health().notices_waiting, 2U);
    const auto due = co_await store.take_due(now + 1min, 10);
    EXPECT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].attempts, 1);
    const auto all = co_await store.take_due(now + 1h, 10);
    EXPECT_EQ(all.size(), 2U);
  });
}

TEST_F(StoreTest, TheOldestNoticesGiveWay) {
  Store::Limits limits;
  limits.notices = 3;
  with_store(
      [](Store& store) -> asio::awaitable<void> {
        for (int i = 0; i < 5; ++i) {
          store.enqueue(notice(std::to_string(i)));
          EXPECT_TRUE(co_await flushed(store));
        }
        for (int i = 5; i < 9; ++i) store.enqueue(notice(std::to_string(i)));
        EXPECT_TRUE(co_await flushed(store));
        const auto due = co_await store.take_due(now, 10);
        EXPECT_EQ(due.size(), 3U);
        EXPECT_EQ(due[0].notice.payload, "6");
        EXPECT_EQ(store.health().notices_dropped, 6U);
      },
      limits);
}

// ---- trouble

TEST_F(StoreTest, MovesACorruptDatabaseAsideAndBeginsANewOne) {
  folder_.write("history.db", std::string(8192, 'x'));
  with_store([](Store& store) -> asio::awaitable<void> {
    const auto memory = co_await store.restore();
    EXPECT_TRUE(memory.has_value()) << memory.error();
    store.record("a", full_outcome());
    EXPECT_TRUE(co_await flushed(store));
    const auto health = store.health();
    EXPECT_FALSE(health.trouble);
    EXPECT_THAT(health.note.value_or(""), HasSubstr("was moved to"));
    EXPECT_EQ(health.renewals, 1U);
    const auto kept = co_await store.history("a", {}, 10);
    EXPECT_EQ(kept->size(), 1U);
  });
  int aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder_.path()})
    aside += entry.path().filename().string().starts_with("history.db.corrupt-") ? 1 : 0;
  EXPECT_EQ(aside, 1);
  EXPECT_EQ(integrity(), "ok");
}

TEST_F(StoreTest, LeavesTheDatabaseOfAnotherProgramAlone) {
  sqlite3* database = nullptr;
  sqlite3_open(path().c_str(), &database);
  sqlite3_exec(database, "CREATE TABLE bookmarks (url TEXT)", nullptr, nullptr, nullptr);
  sqlite3_close(database);
  with_store([](Store& store) -> asio::awaitable<void> {
    const auto memory = co_await store.restore();
    EXPECT_FALSE(memory.has_value());
    EXPECT_THAT(memory.error(), HasSubstr("another program"));
    EXPECT_TRUE(store.health().trouble);
  });
}

TEST_F(StoreTest, WaitsForALockAndSaysSo) {
  with_store([](Store& store) -> asio::awaitable<void> { co_await store.restore(); });
  sqlite3* other = nullptr;
  sqlite3_open(path().c_str(), &other);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  with_store([&](Store& store) -> asio::awaitable<void> {
    store.record("a", full_outcome());
    store.enqueue(notice("goes out all the same"));
    const bool written = co_await flushed(store);
    EXPECT_FALSE(written);
    EXPECT_THAT(store.health().trouble.value_or(""), HasSubstr("another process holds its lock"));
    const auto due = co_await store.take_due(now, 10);
    EXPECT_EQ(due.size(), 1U);
    sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
    EXPECT_TRUE(co_await flushed(store));
    EXPECT_FALSE(store.health().trouble);
    const auto kept = co_await store.history("a", {}, 10);
    EXPECT_EQ(kept->size(), 1U);
  });
  sqlite3_close(other);
}

TEST_F(StoreTest, CountsWhatIsLostWhileItCannotBeWritten) {
  Store::Limits limits;
  limits.outcomes = 10;
  std::filesystem::create_directory(path());
  with_store(
      [&](Store& store) -> asio::awaitable<void> {
        for (int i = 0; i < 15; ++i) store.record("a", full_outcome());
        const bool written = co_await flushed(store);
        EXPECT_FALSE(written);
        EXPECT_EQ(store.health().lost, 5U);
        std::filesystem::remove(path());
        EXPECT_TRUE(co_await flushed(store));
        const auto kept = co_await store.history("a", {}, 100);
        EXPECT_EQ(kept->size(), 10U);
      },
      limits);
}

/// As a full disk, with an error of write(2) instead of ENOSPC: setrlimit(2), RLIMIT_FSIZE.
TEST_F(StoreTest, SurvivesAFileThatCannotGrow) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  with_store([&](Store& store) -> asio::awaitable<void> {
    store.record("a", full_outcome());
    EXPECT_TRUE(co_await flushed(store));
    constexpr rlim_t enough_for_some = 256 * 1024;
    const rlimit tight{enough_for_some, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tight);
    for (int i = 0; i < 5000; ++i) store.record("a", full_outcome());
    const bool written = co_await flushed(store);
    EXPECT_FALSE(written);
    EXPECT_TRUE(store.health().trouble);
    const auto still = co_await store.history("a", {}, 10);
    EXPECT_TRUE(still.has_value());
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_TRUE(co_await flushed(store));
    const auto kept = co_await store.history("a", {}, 10'000);
    EXPECT_EQ(kept->size(), 5001U);
    EXPECT_EQ(store.health().lost, 0U);
  });
  EXPECT_EQ(integrity(), "ok");
}

}  // namespace
}  // namespace fwprobe::monitor
