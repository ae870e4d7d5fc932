#include "postgres_writers.hpp"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "cpu_seconds.hpp"
#include "statements.hpp"

namespace hangar::bench {
namespace {

struct Clear {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};

std::string copied(const Rows& rows) {
  postgres::Encoder encoder;
  encoder.reserve(64);
  encoder.put_bytes("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    encoder.reserve(sizeof(std::int16_t));
    encoder.put(static_cast<std::int16_t>(rows.table().columns.size()));
    for (std::size_t column = 0; column < rows.table().columns.size(); ++column) {
      encoder.add(rows.table().columns[column].type, rows[row][column]);
    }
  }
  encoder.reserve(sizeof(std::int16_t));
  encoder.put<std::int16_t>(-1);
  return {encoder.data(), encoder.size()};
}

postgres::Parameters arrays(const Rows& rows) {
  postgres::Parameters values;
  for (std::size_t column = 0; column < rows.table().columns.size(); ++column) {
    values.add_column(rows.table().columns[column].type, rows.size(),
                      [&](std::size_t row) { return rows[row][column]; });
  }
  return values;
}

}  // namespace

Connection::Connection(const char* url) : handle_{PQconnectdb(url)} {
  if (PQstatus(handle_.get()) != CONNECTION_OK) fail();
}

void Connection::run(const std::string& sql) {
  PQsendQuery(handle_.get(), sql.c_str());
  finish();
}

void Connection::run(const std::string& sql, postgres::Parameters& values) {
  PQsendQueryParams(handle_.get(), sql.c_str(), values.count(), nullptr, values.values(),
                    values.lengths(), values.formats(), 1);
  finish();
}

void Connection::copy(const std::string& sql, const std::string& bytes) {
  constexpr std::size_t piece = 512U << 10U;
  PQsendQuery(handle_.get(), sql.c_str());
  while (true) {
    const std::unique_ptr<PGresult, Clear> result{PQgetResult(handle_.get())};
    if (PQresultStatus(result.get()) == PGRES_COPY_IN) break;
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) fail();
  }
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const std::size_t length = std::min(piece, bytes.size() - at);
    if (PQputCopyData(handle_.get(), &bytes[at], static_cast<int>(length)) != 1) fail();
  }
  if (PQputCopyEnd(handle_.get(), nullptr) != 1) fail();
  finish();
}

void Connection::finish() {
  while (const std::unique_ptr<PGresult, Clear> result{PQgetResult(handle_.get())}) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail();
  }
}

void Connection::fail() { throw std::runtime_error{PQerrorMessage(handle_.get())}; }

std::string column_names(const Table& table, std::string_view prefix) {
  std::string text;
  for (const Column& column : table.columns) {
    text += (text.empty() ? "" : ", ") + std::string{prefix} + std::string{column.name};
  }
  return text;
}

void add_copy(std::vector<Step>& steps, const std::string& before, const std::string& target,
              const Rows& rows) {
  if (rows.empty()) return;
  steps.emplace_back(
      [sql = before + "COPY " + target + " (" + column_names(rows.table()) +
             ") FROM STDIN (FORMAT binary)",
       bytes = copied(rows)](Connection& connection) { connection.copy(sql, bytes); });
}

void add_insert(std::vector<Step>& steps, const Rows& rows) {
  if (rows.empty()) return;
  const auto values = std::make_shared<postgres::Parameters>(arrays(rows));
  steps.emplace_back([values, sql = postgres::insert_statement(rows.table())](
                         Connection& connection) { connection.run(sql, *values); });
}

void add_statement(std::vector<Step>& steps, std::string sql) {
  steps.emplace_back([sql = std::move(sql)](Connection& connection) { connection.run(sql); });
}

void write_ready(const char* url, const std::vector<std::vector<Step>>& writers,
                 const std::vector<std::string>& prepare, std::size_t transactions) {
  std::vector<Connection> connections;
  for (std::size_t i = 0; i < writers.size(); ++i) {
    connections.emplace_back(url);
    for (const std::string& sql : prepare) connections.back().run(sql);
  }
  std::vector<std::exception_ptr> failures(writers.size());
  std::barrier start{static_cast<std::ptrdiff_t>(writers.size() + 1)};
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < writers.size(); ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      try {
        for (const Step& step : writers[i]) step(connections[i]);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    });
  }
  const double used = cpu_seconds();
  const auto began = std::chrono::steady_clock::now();
  start.arrive_and_wait();
  for (auto& thread : threads) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  std::cout << took.count() << ' ' << cpu_seconds() - used << ' ' << transactions << '\n';
}

}  // namespace hangar::bench
