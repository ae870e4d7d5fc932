#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connection.hpp"
#include "connection_options.hpp"
#include "hangar/storage.hpp"
#include "parameters.hpp"
#include "statements.hpp"

namespace hangar::postgres {

/// A session on one connection, which it opens at `begin` when there is none or it was lost. Each
/// call costs a constant number of round trips: one, two where many rows are inserted or nothing is
/// left of a range, and two more where some of those that are inserted were there already; `begin`
/// costs none, for it travels with the first statement. Needs nothing of the server's session
/// beyond the transaction, so it may go through PgBouncer in transaction mode.
class PostgresSession final : public Session {
 public:
  PostgresSession(PresentOptions options, std::chrono::milliseconds statement_timeout);

  void begin() override;
  void commit() override;
  void rollback() noexcept override;
  Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
            Lock lock) override;
  std::vector<bool> insert_missing(const Rows& rows) override;
  std::size_t update(const Rows& rows) override;
  Rows scan(const Table& table, const Range& range, std::span<const std::size_t> columns,
            std::size_t limit) override;
  std::size_t add(const Rows& rows, std::span<const std::size_t> columns) override;
  std::size_t erase(const Table& table, std::span<const Keys> keys) override;
  std::size_t erase(const Table& table, const Range& range, std::size_t limit) override;
  void savepoint() override;
  void rollback_to_savepoint() override;

 private:
  enum class Transaction { none, promised, open };
  struct Statements {
    std::string copy;
    std::string insert;
    std::string update;
    std::string update_with_keys;
    std::string inserting;
    std::string updating;
    bool copies = true;  ///< Until the database refused a COPY and took an INSERT.
  };
  /// What a COPY came to; nothing went in unless all did. `without_row`: some row is refused, and
  /// INSERT tells which.
  enum class Copied { all, some_are_there, without_row, refused };

  void open_transaction();
  /// Before a statement that joins rows by the whole primary key.
  void plan_for(const Table& table);
  Statements& statements(const Table& table);
  Copied copy(const Rows& rows);
  /// Returns how many rows the database wrote.
  std::size_t send_copy(const Rows& rows);
  std::vector<bool> insert_each(const Rows& rows);
  /// `row(i)` gives each of the rows; absent cells become those of `defaults`.
  template <class RowAt>
  void send_insert(const std::string& statement, const Table& table, std::size_t count, RowAt&& row,
                   std::span<const Cell> defaults);
  /// Makes the parameters of all keys, and returns the sets that are not empty.
  std::vector<Keys> bind_keys(const Table& table, std::span<const Keys> keys);
  /// Makes the parameters of a range; false where it can have no row.
  bool bind_range(const Table& table, const Range& range, std::size_t limit);
  /// Runs a statement whose rows an index gives in their order.
  Result run_in_order(const Table& table, const std::string& statement, std::string_view doing,
                      std::string_view needs);
  void send_update(const Rows& rows, std::span<const std::size_t> order, UpdateForm form);
  /// Ends the round trip of a statement that was sent for `count` rows behind `mark_call`. Where it
  /// is refused and there is a savepoint, finds the row: `send(first, last)` sends the same for
  /// some of the rows.
  template <class Send>
  std::vector<Result> finish_rows(std::string_view doing, std::string_view needs, std::size_t count,
                                  Send&& send);
  template <class Send>
  std::optional<std::size_t> refused_row(std::string_view doing, std::size_t count, Send&& send);
  bool is_refused(std::string_view doing);
  void mark_call(std::size_t count);

  PresentOptions options_;
  std::chrono::milliseconds patience_;
  std::string settings_;
  std::string brief_locks_;
  std::optional<Connection> connection_;
  Transaction transaction_ = Transaction::none;
  bool savepoint_ = false;
  /// Whether the planner was told to join by loops in this transaction; nothing: unknown.
  std::optional<bool> loops_ = false;
  Parameters parameters_;
  Encoder encoder_;
  /// How many transactions from now insert row by row, because rows were there already lately.
  std::size_t careful_ = 0;
  std::map<const Table*, Statements> statements_;
};

}  // namespace hangar::postgres
