#include "monitor/sqlite.h"

namespace fwprobe::monitor {
namespace {

[[noreturn]] void fail(sqlite3* database, int result) {
  // The handle's own words say more ("no such table: x"), when they are about this very result.
  const bool own = database != nullptr && ::sqlite3_errcode(database) == (result & 0xff);
  throw SqliteError{result & 0xff, own ? ::sqlite3_errmsg(database) : ::sqlite3_errstr(result)};
}

}  // namespace

Statement::Statement(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* made = nullptr;
  const int result = ::sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  statement_.reset(made);
  if (result != SQLITE_OK) fail(database, result);
}

void Statement::check(int result) const {
  if (result != SQLITE_OK) fail(::sqlite3_db_handle(statement_.get()), result);
}

bool Statement::step() {
  const int result = ::sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) {
    auto* database = ::sqlite3_db_handle(statement_.get());
    const SqliteError error{result & 0xff, ::sqlite3_errmsg(database)};
    reset();
    throw error;
  }
  reset();
  return false;
}

void Statement::reset() {
  ::sqlite3_reset(statement_.get());  // repeats the error of the last step, which was told
  ::sqlite3_clear_bindings(statement_.get());
  bound_ = 0;
}

std::string Statement::text(int column) const {
  const auto* bytes = ::sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string{} : std::string{reinterpret_cast<const char*>(bytes), size};
}

void Statement::bind_next(std::string_view text) {
  check(::sqlite3_bind_text64(statement_.get(), ++bound_, text.data() == nullptr ? "" : text.data(),
                              text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind_number(std::int64_t number) {
  check(::sqlite3_bind_int64(statement_.get(), ++bound_, number));
}

Sqlite::Sqlite(const std::string& path) {
  sqlite3* made = nullptr;
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int result = ::sqlite3_open_v2(path.c_str(), &made, flags, nullptr);
  database_.reset(made);
  if (result != SQLITE_OK) fail(made, result);
  constexpr int patience_ms = 500;
  ::sqlite3_busy_timeout(made, patience_ms);
}

Statement& Sqlite::prepared(std::string_view sql) {
  const auto at = statements_.find(sql);
  if (at != statements_.end()) return at->second;
  return statements_.emplace(sql, Statement{database_.get(), sql}).first->second;
}

void Sqlite::execute(const std::string& sql) {
  const int result = ::sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(database_.get(), result);
}

}  // namespace fwprobe::monitor
