#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hangar/error.hpp"
#include "hangar/keys.hpp"
#include "hangar/table.hpp"
#include "hangar/version.hpp"

/// All that a storage author needs. A storage speaks operations on tables, not SQL: it checks or
/// creates the tables that a service declares as data, and renders its own dialect. Passing
/// `hangar::conformance` (core/testing/conformance, in the package hangar-dev) is being a storage.
namespace hangar {

enum class Lock {
  none,
  rows,         ///< Until the transaction ends nobody else changes or deletes what was found.
  skip_locked,  ///< The same, without the rows that somebody else has locked.
};

/// One connection to the database, used by one thread at a time; every call may block. The tables
/// that it is told of outlive it. A call that throws leaves the transaction to be rolled back.
/// Errors are the three of error.hpp.
class HANGAR_API Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session();

  virtual void begin() = 0;
  /// Returns when the transaction is durable. Throws TransientError when that is not known.
  virtual void commit() = 0;
  /// Never throws; a session that cannot roll back is dropped by the host.
  virtual void rollback() noexcept = 0;

  /// Every row that has one of the keys, once, in order of the primary key, with the cells of
  /// `columns` filled and the others absent. Locks are taken in that order.
  virtual Rows find(const Table& table, std::span<const Keys> keys,
                    std::span<const std::size_t> columns, Lock lock) = 0;

  /// Inserts the rows in their order, leaving out each that any unique key already holds, also when
  /// an earlier one of the same call holds it. Returns for each whether it went in, which it also
  /// did not where the database drops it without an error. Absent cells take the column's default.
  /// No two rows have the same primary key.
  virtual std::vector<bool> insert_missing(const Rows& rows) = 0;

  /// The first `limit` rows of the range, in its order, with the cells of `columns`, of the range's
  /// column and of the primary key filled and the others absent. Locks nothing. The next page is
  /// the range after the last row, see `Range::after`.
  virtual Rows scan(const Table& table, const Range& range, std::span<const std::size_t> columns,
                    std::size_t limit) = 0;

  /// Updates by primary key; each row writes exactly its own cells that are not absent. No two rows
  /// have the same primary key; a row that is not stored is ignored. Returns how many were written:
  /// fewer than were stored where the database drops a row without an error, as a trigger can.
  virtual std::size_t update(const Rows& rows) = 0;

  /// Counts: adds the cells of `columns`, which are of type int4 or int8, to those of the row that
  /// has the primary key, where a null counts as 0 and the other cells stay. A row that is not
  /// stored is inserted, its absent cells with the column's default. No two rows have the same
  /// primary key. Returns how many were written. Throws DataError for a sum that the column cannot
  /// hold, and a TransientError (`conflict`) where another row holds a unique key of a new one.
  virtual std::size_t add(const Rows& rows, std::span<const std::size_t> columns) = 0;

  /// Deletes every row that has one of the keys, each of them the primary key or another unique
  /// one, and the rows whose foreign keys are declared to refer to it. Returns how many rows of
  /// this table there were.
  virtual std::size_t erase(const Table& table, std::span<const Keys> keys) = 0;
  /// Deletes the first `limit` rows of the range, or fewer where others change them meanwhile; none
  /// only where none is left, or the database keeps them without an error. Two that do so at once
  /// wait for one another. Returns how many rows. Here for a session beside which nobody writes:
  /// `scan`, and `erase` what was found.
  virtual std::size_t erase(const Table& table, const Range& range, std::size_t limit);

  /// Marks the place that `rollback_to_savepoint` goes back to, and forgets the one before. From
  /// the first one on, the transaction waits but a moment for what somebody else has locked, and an
  /// error of `insert_missing`, `update` or `add` names the row (`Error::row`) wherever it lies in
  /// one.
  virtual void savepoint() = 0;
  /// Undoes what came after the savepoint, which stays. The transaction goes on, also where a call
  /// threw, unless the session was lost.
  virtual void rollback_to_savepoint() = 0;
};

enum class Creation { never, when_absent };

/// What `hangar doctor` says about one thing that it looked at.
struct Check {
  enum class Verdict { ok, warn, fail };
  Verdict verdict = Verdict::ok;
  std::string what;    ///< A word or two: `version`, `table task_run`.
  std::string found;   ///< How it is, in a sentence without secrets.
  std::string hint{};  ///< What to do about it; empty when nothing needs to be done.
};

/// What to say of indexes that a table lacks, not of unique ones: what to do about those that every
/// release makes, and which release brings the others (`Index::since`).
HANGAR_API std::vector<Check> check_indexes(const Table& table,
                                            std::span<const Index* const> missing);

/// What to say of a clock that showed `shown` while this host's went from `before` to `after`.
HANGAR_API Check check_clock(const std::string& whose, std::chrono::system_clock::time_point before,
                             std::chrono::system_clock::time_point shown,
                             std::chrono::system_clock::time_point after);

/// What a storage cannot hold, though others can. A service refuses such values before they are
/// written, for the database would refuse the whole transaction.
struct StorageLimits {
  bool nul = true;  ///< Whether text, and JSON within its strings, may hold U+0000.
  /// Whether an index may have a row of these values, in the order of its columns; null when it
  /// takes any. May be called on any thread.
  bool (*index_takes)(std::span<const Cell> values) = nullptr;
};

/// A kind of database, opened by a plugin. Thread-safe; blocking.
class HANGAR_API Storage {
 public:
  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  virtual ~Storage();

  /// Checks that each table can take what its declaration says, creating the ones that are absent
  /// when allowed; existing tables are never altered. Throws ConfigError, which names the table,
  /// the column and the remedy, or TransientError when the database cannot be reached.
  virtual void prepare(std::span<const Table* const> tables, Creation creation) = 0;

  /// Looks at everything that these tables need of the database, and changes nothing: its version,
  /// whether commits are durable, tables with columns and indexes, privileges, the clock. With
  /// `when_absent` a table that is not there is no fault. Throws TransientError when the database
  /// cannot be reached.
  virtual std::vector<Check> examine(std::span<const Table* const> tables, Creation creation) = 0;

  /// How many sessions can be in a transaction at the same time; those beyond wait for their turn.
  [[nodiscard]] virtual std::size_t concurrent_sessions() const noexcept;

  /// The same for as long as the storage lives, and asks the database nothing.
  [[nodiscard]] virtual StorageLimits limits() const noexcept;

  virtual std::unique_ptr<Session> open_session() = 0;
};

/// What a storage plugin's factory is given.
struct StorageOptions {
  /// `storage.url` as the user wrote it, SQLAlchemy forms included; empty means the default.
  std::string url;
  /// What `storage.url` is now, for a secret may have been replaced since; empty when nothing can
  /// be read. May be called on any thread. There may be none.
  std::function<std::string()> read_url;
  std::string application_name;
  std::chrono::milliseconds statement_timeout{10'000};
};

}  // namespace hangar
