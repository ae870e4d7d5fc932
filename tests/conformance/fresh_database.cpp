#include "fresh_database.hpp"

#include <libpq-fe.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace hangar::conformance {

FreshDatabase::~FreshDatabase() = default;

namespace {

class SqliteFile final : public FreshDatabase {
 public:
  SqliteFile() {
    std::string form = std::filesystem::temp_directory_path() / "hangar_conformance_XXXXXX";
    if (mkdtemp(form.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
    folder_ = form;
  }
  ~SqliteFile() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string url() const override {
    return "sqlite+aiosqlite:///" + (folder_ / "test.db").string();
  }

 private:
  std::filesystem::path folder_;
};

class PostgresDatabase final : public FreshDatabase {
 public:
  PostgresDatabase() {
    const char* server = std::getenv("HANGAR_TEST_POSTGRES_URL");
    if (server == nullptr) throw std::runtime_error{"HANGAR_TEST_POSTGRES_URL is not set"};
    server_ = server;
    static int count = 0;
    name_ = "conformance_" + std::to_string(getpid()) + "_" + std::to_string(++count);
    execute("CREATE DATABASE " + name_);
  }
  ~PostgresDatabase() override {
    try {
      execute("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::runtime_error&) {
      // The whole cluster is about to go.
    }
  }
  [[nodiscard]] std::string url() const override {
    const auto path = server_.find('/', server_.find("://") + 3);
    const auto options = server_.find('?');
    return server_.substr(0, path) + "/" + name_ +
           (options == std::string::npos ? "" : server_.substr(options));
  }

 private:
  void execute(const std::string& sql) const {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection{PQconnectdb(server_.c_str()),
                                                                  &PQfinish};
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{
        PQexec(connection.get(), sql.c_str()), &PQclear};
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
      throw std::runtime_error{sql + ": " + PQerrorMessage(connection.get())};
    }
  }

  std::string server_;
  std::string name_;
};

}  // namespace

std::unique_ptr<FreshDatabase> make_fresh_database(std::string_view storage) {
  if (storage == "sqlite") return std::make_unique<SqliteFile>();
  if (storage == "postgres") return std::make_unique<PostgresDatabase>();
  throw std::runtime_error{"conformance does not know how to make a fresh database of " +
                           std::string{storage}};
}

}  // namespace hangar::conformance
