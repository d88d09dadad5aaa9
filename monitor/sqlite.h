#pragma once
// SQLite's C interface with types: a connection that keeps its statements prepared. For one thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include <sqlite3.h>

namespace fwprobe::monitor {

class SqliteError : public std::runtime_error {
 public:
  /// `code`: a result code, sqlite3.h.
  SqliteError(int code, const std::string& message) : std::runtime_error{message}, code_{code} {}
  int code() const { return code_; }

 private:
  int code_;
};

/// Bound from its first parameter on; it must be stepped to its end, or is reset when it is bound again.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);

  template <typename... Values>
  Statement& bind(const Values&... values) {
    reset();
    (bind_next(values), ...);
    return *this;
  }
  /// True: a row is there.
  bool step();
  /// For what gives no rows.
  void run() {
    while (step()) continue;
  }
  void reset();

  bool is_null(int column) const { return ::sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
  std::int64_t number(int column) const { return ::sqlite3_column_int64(statement_.get(), column); }
  std::string text(int column) const;
  std::optional<std::int64_t> maybe_number(int column) const {
    return is_null(column) ? std::nullopt : std::optional{number(column)};
  }

 private:
  void bind_next(std::string_view text);
  void bind_next(const std::string& text) { bind_next(std::string_view{text}); }
  void bind_next(std::nullopt_t /*none*/) { ++bound_; }  // unbound parameters are NULL
  template <typename Number>
    requires std::is_integral_v<Number>
  void bind_next(Number number) {
    bind_number(static_cast<std::int64_t>(number));
  }
  template <typename Value>
  void bind_next(const std::optional<Value>& value) {
    if (value)
      bind_next(*value);
    else
      bind_next(std::nullopt);
  }
  void bind_number(std::int64_t number);
  void check(int result) const;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

class Sqlite {
 public:
  /// Opens or creates it.
  explicit Sqlite(const std::string& path);

  /// Prepared once; `sql` is a literal.
  Statement& prepared(std::string_view sql);
  /// Any number of statements, without rows.
  void execute(const std::string& sql);
  std::int64_t changes() const { return ::sqlite3_changes64(database_.get()); }
  bool in_transaction() const { return ::sqlite3_get_autocommit(database_.get()) == 0; }

 private:
  struct Close {
    void operator()(sqlite3* database) const { ::sqlite3_close_v2(database); }
  };
  std::unique_ptr<sqlite3, Close> database_;
  std::map<std::string_view, Statement> statements_;
};

}  // namespace fwprobe::monitor
