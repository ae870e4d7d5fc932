#include "postgres_storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "adopted_connection.hpp"
#include "catalog.hpp"
#include "examination.hpp"
#include "hangar/error.hpp"
#include "hangar/try_rows.hpp"
#include "session.hpp"
#include "sqlstate.hpp"

namespace hangar::postgres {
namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

void settle(pqxx::work& transaction, std::span<const Table* const> tables, Creation creation) {
  if (creation == Creation::when_absent) create_absent(transaction, tables);
  std::vector<std::string> absent;
  std::string why;
  for (const Table* table : tables) {
    const std::optional<StoredTable> stored = read_table(transaction, *table);
    if (stored) {
      check(*table, *stored, tables);
    } else {
      absent.emplace_back(table->name);
      why = why_absent(transaction, *table);
    }
  }
  if (absent.empty()) return;
  // Without any of them in another schema they are simply not there.
  const bool nowhere = why == absent_tables_message({absent.back()});
  throw ConfigError{nowhere ? absent_tables_message(absent) : why};
}

PresentOptions present_options(const StorageOptions& options) {
  ConnectionOptions first = connection_options(options, environment);
  check_files(first, environment);
  if (!options.read_url) return [first] { return first; };
  return [first, read = options.read_url] { return with_identity_of(first, read()); };
}

}  // namespace

PostgresStorage::PostgresStorage(const StorageOptions& options)
    : options_{present_options(options)}, statement_timeout_{options.statement_timeout} {}

void PostgresStorage::prepare(std::span<const Table* const> tables, Creation creation) {
  for (const Table* table : tables) check_declaration(*table, tables);
  transact("check the tables", [&](pqxx::work& transaction) {
    settle(transaction, tables, creation);
    transaction.commit();
  });
}

std::vector<Check> PostgresStorage::examine(std::span<const Table* const> tables,
                                            Creation creation) {
  std::vector<Check> checks;
  bool complete = true;
  transact("look at the database", [&](pqxx::work& transaction) {
    checks = postgres::examine(transaction, tables, creation);
    complete = std::ranges::all_of(tables, [&](const Table* table) {
      return asked_whether(transaction, oid_of(*table) + " IS NOT NULL");
    });
  });
  if (complete &&
      std::ranges::find(checks, Check::Verdict::fail, &Check::verdict) == checks.end()) {
    std::ranges::move(try_rows(*open_session(), tables), std::back_inserter(checks));
  }
  return checks;
}

void PostgresStorage::transact(std::string_view doing,
                               const std::function<void(pqxx::work&)>& work) const {
  try {
    auto connection = adopt(connect(options_()));
    pqxx::work transaction{connection};
    transaction.exec(fmt::format("SELECT set_config('statement_timeout', '{}', true)",
                                 statement_timeout_.count()));
    work(transaction);
  } catch (const pqxx::sql_error& error) {
    raise(doing, {.sqlstate = error.sqlstate(), .message = error.what()});
  } catch (const pqxx::failure& error) {
    raise(doing, {.message = error.what()});
  }
}

std::unique_ptr<Session> PostgresStorage::open_session() {
  return std::make_unique<PostgresSession>(options_, statement_timeout_);
}

}  // namespace hangar::postgres
