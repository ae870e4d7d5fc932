#pragma once

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>
#include <string>

#include "connection.hpp"
#include "hangar/storage.hpp"
#include "things.hpp"

namespace hangar::postgres {

/// A database of its own on the server that HANGAR_TEST_POSTGRES_URL names, with both tables.
class Database {
 public:
  Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// Of the server itself, or of something on this machine that forwards `port` to it.
  [[nodiscard]] StorageOptions options(int port = 0) const;
  [[nodiscard]] ConnectionOptions connection_options() const;
  [[nodiscard]] int server_port() const;
  /// Runs any SQL beside the storage; the first cell of its result.
  std::string execute(const std::string& sql);

 private:
  std::string name_;
  Handle handle_;
};

/// A database, its tables made by the storage, and a session.
class ServerTest : public testing::Test {
 protected:
  ServerTest();

  [[nodiscard]] std::unique_ptr<Session> open_session(int port = 0) const;
  /// A thing named `name`, stored and committed.
  void store_thing(std::uint64_t id, std::uint64_t owner = 0, std::string_view part = "part");
  static Rows update_of(std::uint64_t id, std::size_t column, const Cell& cell);
  static Keys by_id(std::uint64_t id);
  /// Kills every session of the storage on this database.
  void terminate_sessions();

  Database database_;
  std::unique_ptr<Session> session_;
};

/// What a call that must fail with `Error` threw; fails the test otherwise.
template <class Error, class Call>
Error thrown(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another exception: " << error.what();
    throw;
  }
  ADD_FAILURE() << "nothing was thrown";
  throw std::runtime_error{"nothing was thrown"};
}

}  // namespace hangar::postgres
