#pragma once

#include <pqxx/pqxx>
#include <utility>

#include "connection.hpp"

/// The only code that depends on libpqxx's version.
namespace hangar::postgres {

#if PQXX_VERSION_MAJOR >= 7

inline pqxx::connection adopt(Handle handle) {
  return pqxx::connection::seize_raw_connection(handle.release());
}

#else

/// A libpqxx connection over one that libpq made; it is closed with this object.
class AdoptedConnection final : public pqxx::connection_base {
 public:
  explicit AdoptedConnection(Handle handle)
      : pqxx::connection_base{policy_}, policy_{std::move(handle)} {
    init();
  }
  AdoptedConnection(const AdoptedConnection&) = delete;
  AdoptedConnection& operator=(const AdoptedConnection&) = delete;
  ~AdoptedConnection() { close(); }

 private:
  class Policy final : public pqxx::connectionpolicy {
   public:
    explicit Policy(Handle made) : connectionpolicy{""}, made_{std::move(made)} {}
    handle do_startconnect(handle connected) override {
      return connected != nullptr ? connected : made_.release();
    }

   private:
    Handle made_;
  };
  Policy policy_;
};

inline AdoptedConnection adopt(Handle handle) { return AdoptedConnection{std::move(handle)}; }

#endif

}  // namespace hangar::postgres
