#pragma once

#include <optional>
#include <vector>

#include "hangar/storage.hpp"

namespace hangar::batch {

/// A session that knows which writes took rows and which one failed last.
class WatchedSession final : public Session {
 public:
  /// A kind of write: what a database takes of one it does not need to take of another.
  struct Statement {
    enum class Kind { insert, update, add, erase };
    Kind kind;
    const Table* table;
    bool operator==(const Statement&) const = default;
  };

  explicit WatchedSession(Session& session) : session_{session} {}

  /// Forgets what was written.
  void begin_call() {
    last_.reset();
    took_.clear();
  }
  /// The latest write; none where something else failed after it.
  [[nodiscard]] const std::optional<Statement>& last() const noexcept { return last_; }
  /// Those that took rows.
  [[nodiscard]] const std::vector<Statement>& took() const noexcept { return took_; }

  void begin() override { session_.begin(); }
  void commit() override { session_.commit(); }
  void rollback() noexcept override { session_.rollback(); }
  Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
            Lock lock) override;
  Rows scan(const Table& table, const Range& range, std::span<const std::size_t> columns,
            std::size_t limit) override;
  std::vector<bool> insert_missing(const Rows& rows) override;
  std::size_t update(const Rows& rows) override;
  std::size_t add(const Rows& rows, std::span<const std::size_t> columns) override;
  std::size_t erase(const Table& table, std::span<const Keys> keys) override;
  std::size_t erase(const Table& table, const Range& range, std::size_t limit) override;
  void savepoint() override { session_.savepoint(); }
  void rollback_to_savepoint() override { session_.rollback_to_savepoint(); }

 private:
  template <class Call>
  auto read(Call call);
  template <class Call>
  std::size_t write(Statement::Kind kind, const Table& table, Call call);

  Session& session_;
  std::optional<Statement> last_;
  std::vector<Statement> took_;
};

}  // namespace hangar::batch
