#pragma once

#include <libpq-fe.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/storage.hpp"
#include "parameters.hpp"

/// How rows that are ready are sent to PostgreSQL: what they are encoded to is made before.
namespace hangar::bench {

struct FinishConnection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};

/// Throws std::runtime_error with the server's words for whatever fails.
class Connection {
 public:
  explicit Connection(const char* url);

  void run(const std::string& sql);
  void run(const std::string& sql, postgres::Parameters& values);
  /// `sql` ends in a COPY.
  void copy(const std::string& sql, const std::string& bytes);

 private:
  void finish();
  [[noreturn]] void fail();

  std::unique_ptr<PGconn, FinishConnection> handle_;
};

/// A part of a transaction.
using Step = std::function<void(Connection&)>;

/// The names of the table's columns, as a statement lists them.
[[nodiscard]] std::string column_names(const Table& table, std::string_view prefix = "");
/// The steps that copy rows into a table of the same columns, behind `before`; and that insert
/// those that are missing. None without rows.
void add_copy(std::vector<Step>& steps, const std::string& before, const std::string& target,
              const Rows& rows);
void add_insert(std::vector<Step>& steps, const Rows& rows);
void add_statement(std::vector<Step>& steps, std::string sql);

/// Writes them, a writer a thread with a connection that has run `prepare`; by writer, the steps of
/// its transactions. Prints seconds, own CPU seconds and `transactions`.
void write_ready(const char* url, const std::vector<std::vector<Step>>& writers,
                 const std::vector<std::string>& prepare, std::size_t transactions);

}  // namespace hangar::bench
