#include "database.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "postgres_storage.hpp"

namespace hangar::postgres {
namespace {

ConnectionOptions server() {
  const char* url = std::getenv("HANGAR_TEST_POSTGRES_URL");
  if (url == nullptr) throw std::runtime_error{"HANGAR_TEST_POSTGRES_URL is not set"};
  StorageOptions options;
  options.url = url;
  options.application_name = "beside";
  return postgres::connection_options(options, [](const std::string&) { return std::nullopt; });
}

std::string run(PGconn* connection, const std::string& sql) {
  const Result result{PQexec(connection, sql.c_str())};
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error{sql + ": " + PQerrorMessage(connection)};
  }
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

Handle open(const std::string& database) {
  ConnectionOptions options = server();
  if (!database.empty()) options["dbname"] = database;
  Handle handle = connect(options);
  PQsetNoticeReceiver(
      handle.get(), [](void*, const PGresult*) {}, nullptr);
  return handle;
}

}  // namespace

Database::Database() {
  static int count = 0;
  name_ = "storage_" + std::to_string(getpid()) + "_" + std::to_string(++count);
  run(open("").get(), "CREATE DATABASE " + name_);
  handle_ = open(name_);
}

Database::~Database() {
  try {
    handle_.reset();
    run(open("").get(), "DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (const std::exception&) {
    // The whole cluster is about to go.
  }
}

ConnectionOptions Database::connection_options() const {
  ConnectionOptions options = server();
  options["dbname"] = name_;
  return options;
}

int Database::server_port() const { return std::stoi(PQport(handle_.get())); }

StorageOptions Database::options(int port) const {
  StorageOptions options;
  options.application_name = "storage_test";
  options.url = "host=127.0.0.1 sslmode=disable gssencmode=disable user=" +
                std::string{PQuser(handle_.get())} + " dbname=" + name_ +
                " port=" + std::to_string(port == 0 ? server_port() : port);
  return options;
}

std::string Database::execute(const std::string& sql) { return run(handle_.get(), sql); }

ServerTest::ServerTest() {
  const std::array<const Table*, 2> tables{&thing_table(), &mark_table()};
  PostgresStorage{database_.options()}.prepare(tables, Creation::when_absent);
  session_ = open_session();
}

std::unique_ptr<Session> ServerTest::open_session(int port) const {
  return PostgresStorage{database_.options(port)}.open_session();
}

void ServerTest::store_thing(std::uint64_t id, std::uint64_t owner, std::string_view part) {
  Rows rows{thing_table()};
  add_thing(rows, id, owner, part);
  session_->begin();
  session_->insert_missing(rows);
  session_->commit();
}

Rows ServerTest::update_of(std::uint64_t id, std::size_t column, const Cell& cell) {
  Rows rows{thing_table()};
  const std::span<Cell> cells = rows.add();
  cells[thing::id] = uuid_of(id);
  cells[column] = cell;
  return rows;
}

Keys ServerTest::by_id(std::uint64_t id) { return {{thing::id}, {uuid_of(id)}}; }

void ServerTest::terminate_sessions() {
  database_.execute(
      "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
      "WHERE application_name = 'storage_test' AND datname = current_database()");
}

}  // namespace hangar::postgres
