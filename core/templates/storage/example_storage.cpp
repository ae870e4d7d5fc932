// A storage: what each call asks of a database, and rows in memory until there is one.
#include <hangar/plugin.hpp>
#include <hangar/storage.hpp>
#include <hangar/testing/memory_storage.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace hangar;

// In the place of a database: rows by URL, for as long as the process runs.
testing::MemoryDatabase database_of(const std::string& url) {
  static std::mutex mutex;
  static std::map<std::string, testing::MemoryDatabase> all;
  const std::lock_guard lock{mutex};
  return all[url];
}

// Replace these calls one by one with your database's own. The test says which law breaks.
class Connection final : public Session {
 public:
  explicit Connection(std::unique_ptr<Session> rows) : rows_{std::move(rows)} {}

  void begin() override { rows_->begin(); }
  // The messages are acknowledged after this: it returns when the rows outlive a power cut.
  void commit() override { rows_->commit(); }
  void rollback() noexcept override { rows_->rollback(); }
  void savepoint() override { rows_->savepoint(); }
  void rollback_to_savepoint() override { rows_->rollback_to_savepoint(); }

  // SELECT columns FROM table WHERE one of the keys ORDER BY primary key; FOR UPDATE with a lock.
  Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
            Lock lock) override {
    return rows_->find(table, keys, columns, lock);
  }
  // INSERT … ON CONFLICT DO NOTHING; which rows went in.
  std::vector<bool> insert_missing(const Rows& rows) override {
    return rows_->insert_missing(rows);
  }
  // SELECT … WHERE the range ORDER BY its column, primary key LIMIT limit.
  Rows scan(const Table& table, const Range& range, std::span<const std::size_t> columns,
            std::size_t limit) override {
    return rows_->scan(table, range, columns, limit);
  }
  // UPDATE table SET what is not absent WHERE primary key; how many rows there were.
  std::size_t update(const Rows& rows) override { return rows_->update(rows); }
  // INSERT … ON CONFLICT (primary key) DO UPDATE SET column = column + new value.
  std::size_t add(const Rows& rows, std::span<const std::size_t> columns) override {
    return rows_->add(rows, columns);
  }
  // DELETE FROM table WHERE one of the keys, and what refers to these rows.
  std::size_t erase(const Table& table, std::span<const Keys> keys) override {
    return rows_->erase(table, keys);
  }
  using Session::erase;

 private:
  std::unique_ptr<Session> rows_;
};

class Database final : public Storage {
 public:
  explicit Database(const StorageOptions& options)
      : rows_{database_of(options.url).open("example_storage")} {}

  // Whether each table can take what it declares; CREATE TABLE where it may.
  void prepare(std::span<const Table* const> tables, Creation creation) override {
    rows_->prepare(tables, creation);
  }
  // What `hangar doctor` says: version, durability, tables, privileges, clock. Changes nothing.
  std::vector<Check> examine(std::span<const Table* const> tables, Creation creation) override {
    return rows_->examine(tables, creation);
  }
  // How many transactions at a time.
  [[nodiscard]] std::size_t concurrent_sessions() const noexcept override {
    return rows_->concurrent_sessions();
  }
  // A connection, for one thread at a time.
  std::unique_ptr<Session> open_session() override {
    return std::make_unique<Connection>(rows_->open_session());
  }

 private:
  std::unique_ptr<Storage> rows_;
};

constexpr std::string_view schemes[]{"example_storage"};

constexpr Plugin example_storage() {
  Plugin plugin;
  plugin.kind = Plugin::Kind::storage;
  plugin.name = "example_storage";
  plugin.version = "0.1.0";
  plugin.summary = "Keeps rows in memory";
  plugin.schemes = schemes;
  plugin.url_forms = "example_storage://name";
  plugin.make_storage = [](const StorageOptions& options) -> Storage* {
    return new Database{options};  // The host owns it from here on.
  };
  return plugin;
}

}  // namespace

HANGAR_PLUGIN(example_storage());
