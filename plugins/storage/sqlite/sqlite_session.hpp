#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "hangar/storage.hpp"
#include "writer.hpp"
#include "written_call.hpp"

namespace hangar::sqlite {

/// One user of the storage's only connection, from `begin` until the transaction ends. `begin`
/// takes the write lock of the file, so nothing that is found can change meanwhile, locked or not.
/// After a call that threw, only `rollback` and `rollback_to_savepoint` are allowed: anything else
/// is a std::logic_error. A trigger may end the transaction (RAISE(ROLLBACK)): from the first
/// savepoint on what is written is kept here too, so that going back to one brings it back.
class SqliteSession final : public Session {
 public:
  explicit SqliteSession(std::shared_ptr<Writer> writer);
  ~SqliteSession() override;

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
  using Session::erase;
  void savepoint() override;
  void rollback_to_savepoint() override;

 private:
  enum class State { idle, open, failed };

  // Failed until the call reaches its end: SQLite may have ended the transaction by itself, and
  // what came after would be committed alone.
  Connection& start_call();
  /// Ends a call that wrote what `made` makes again.
  template <class Made>
  void end_call(Made&& made);
  /// Begins the transaction anew that SQLite has ended, with what was written up to the savepoint.
  void write_again();

  std::shared_ptr<Writer> writer_;
  State state_ = State::idle;
  bool savepoint_ = false;
  /// What was written since the first savepoint, and how much of it up to the last one.
  std::vector<WrittenCall> written_;
  std::size_t kept_ = 0;
  bool wrote_before_ = false;  ///< Before the first savepoint.
  std::int64_t version_ = 0;   ///< Of the file as the transaction found it.
};

}  // namespace hangar::sqlite
