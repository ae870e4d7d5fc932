#include "hangar/testing/memory_storage.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "memory_tables.hpp"

namespace hangar::testing {

/// The rows, and whose turn it is: a session may move from thread to thread, a std::mutex may not.
class SharedTables {
 public:
  explicit SharedTables(std::chrono::milliseconds patience) : patience_{patience} {}

  void take_turn() {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience_, [&] { return !taken_; })) {
      throw TransientError{"another transaction takes long", TransientError::Retry::locked,
                           "55P03"};
    }
    taken_ = true;
  }
  void give_turn() noexcept {
    {
      const std::lock_guard lock{mutex_};
      taken_ = false;
    }
    changed_.notify_one();
  }

  MemoryTables tables;  ///< For who has the turn.

 private:
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool taken_ = false;
};

namespace {

/// The turn, for a scope.
class Turn {
 public:
  explicit Turn(SharedTables& shared) : shared_{shared} { shared_.take_turn(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { shared_.give_turn(); }

 private:
  SharedTables& shared_;
};

class MemorySession final : public Session {
 public:
  explicit MemorySession(std::shared_ptr<SharedTables> shared) : shared_{std::move(shared)} {}
  ~MemorySession() override { undo(); }

  void begin() override {
    if (turn_) throw std::logic_error{"a transaction within a transaction"};
    turn_.emplace(*shared_);
  }
  void commit() override {
    use();
    end();
  }
  void rollback() noexcept override { undo(); }

  Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
            Lock /*lock*/) override {
    return use().find(table, keys, columns);
  }
  std::vector<bool> insert_missing(const Rows& rows) override {
    return change([&](MemoryTables& tables) { return tables.insert_missing(rows); });
  }
  Rows scan(const Table& table, const Range& range, std::span<const std::size_t> columns,
            std::size_t limit) override {
    return use().scan(table, range, columns, limit);
  }
  std::size_t update(const Rows& rows) override {
    return change([&](MemoryTables& tables) { return tables.update(rows); });
  }
  std::size_t add(const Rows& rows, std::span<const std::size_t> columns) override {
    return change([&](MemoryTables& tables) { return tables.add(rows, columns); });
  }
  using Session::erase;
  std::size_t erase(const Table& table, std::span<const Keys> keys) override {
    return change([&](MemoryTables& tables) { return tables.erase(table, keys); });
  }

  void savepoint() override {
    use();
    marked_ = true;
    at_savepoint_.reset();
  }
  void rollback_to_savepoint() override {
    if (!turn_ || !marked_) throw std::logic_error{"there is no savepoint"};
    if (at_savepoint_) shared_->tables = *at_savepoint_;
    failed_ = false;
  }

 private:
  MemoryTables& use() {
    if (!turn_) throw std::logic_error{"outside of a transaction"};
    if (failed_) throw std::logic_error{"the transaction has failed: it can only be rolled back"};
    return shared_->tables;
  }
  /// Copies what is to be changed, once a transaction and once a savepoint.
  template <class Work>
  std::invoke_result_t<Work, MemoryTables&> change(Work work) {
    MemoryTables& tables = use();
    if (!at_begin_) at_begin_ = tables;
    if (marked_ && !at_savepoint_) at_savepoint_ = tables;
    try {
      return work(tables);
    } catch (const Error&) {
      failed_ = true;
      throw;
    }
  }
  void undo() noexcept {
    if (at_begin_) std::swap(shared_->tables, *at_begin_);
    end();
  }
  void end() noexcept {
    at_begin_.reset();
    at_savepoint_.reset();
    marked_ = false;
    failed_ = false;
    turn_.reset();
  }

  std::shared_ptr<SharedTables> shared_;
  std::optional<Turn> turn_;
  std::optional<MemoryTables> at_begin_;
  std::optional<MemoryTables> at_savepoint_;
  bool marked_ = false;
  bool failed_ = false;  ///< A call threw: some of it may be done.
};

/// What keeps the tables from being used as declared; empty when nothing does.
std::string fault_of(const MemoryTables& stored, const Table& table, Creation creation) {
  const MemoryTable* its = stored.find_table(table.name);
  if (its == nullptr) {
    if (creation == Creation::when_absent) return {};
    return fmt::format("table {} is absent: set storage.create_tables to create it", table.name);
  }
  const std::string fault = difference(*its, table);
  return fault.empty() ? fault : fmt::format("table {}: {}", table.name, fault);
}

class MemoryStorage final : public Storage {
 public:
  MemoryStorage(std::shared_ptr<SharedTables> shared, std::string name)
      : shared_{std::move(shared)}, name_{std::move(name)} {}

  void prepare(std::span<const Table* const> tables, Creation creation) override {
    const Turn turn{*shared_};
    for (const Table* table : tables) {
      check_declaration(*table, tables);
      const std::string fault = fault_of(shared_->tables, *table, creation);
      if (!fault.empty()) throw ConfigError{fault};
    }
    for (const Table* table : tables) {
      if (shared_->tables.find_table(table->name) == nullptr) shared_->tables.create(*table);
    }
  }

  std::vector<Check> examine(std::span<const Table* const> tables, Creation creation) override {
    const Turn turn{*shared_};
    std::vector<Check> checks;
    checks.push_back({Check::Verdict::ok, name_, "rows are in memory"});
    checks.push_back({Check::Verdict::warn, "durability", "rows are lost when the process ends",
                      "for tests alone"});
    for (const Table* table : tables) checks.push_back(examine(*table, tables, creation));
    return checks;
  }

  [[nodiscard]] std::size_t concurrent_sessions() const noexcept override { return 1; }

  std::unique_ptr<Session> open_session() override {
    return std::make_unique<MemorySession>(shared_);
  }

 private:
  Check examine(const Table& table, std::span<const Table* const> tables, Creation creation) {
    const std::string what = fmt::format("table {}", table.name);
    try {
      check_declaration(table, tables);
    } catch (const ConfigError& error) {
      return {Check::Verdict::fail, what, error.what()};
    }
    const std::string fault = fault_of(shared_->tables, table, creation);
    if (!fault.empty()) return {Check::Verdict::fail, what, fault};
    const bool there = shared_->tables.find_table(table.name) != nullptr;
    return {Check::Verdict::ok, what, there ? "as declared" : "is absent and will be created"};
  }

  std::shared_ptr<SharedTables> shared_;
  std::string name_;
};

}  // namespace

MemoryDatabase::MemoryDatabase(std::chrono::milliseconds patience)
    : tables_{std::make_shared<SharedTables>(patience)} {}

std::unique_ptr<Storage> MemoryDatabase::open(std::string name) const {
  return std::make_unique<MemoryStorage>(tables_, std::move(name));
}

}  // namespace hangar::testing
