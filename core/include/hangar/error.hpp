#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>

#include "hangar/version.hpp"

namespace hangar {

/// The three kinds of failure that the host acts upon. Anything else that a plugin throws is a bug:
/// its service becomes `failed` and the others go on.
class HANGAR_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;
  ~Error() override;
  /// Of the rows that a call to a storage was given, the one that it refused, where that is known.
  [[nodiscard]] std::optional<std::size_t> row() const noexcept { return row_; }
  void at_row(std::optional<std::size_t> row) noexcept { row_ = row; }

 private:
  std::optional<std::size_t> row_;
};

/// A person must change something before a retry can succeed. The process ends with exit code 78.
class HANGAR_API ConfigError : public Error {
 public:
  using Error::Error;
  ConfigError(const ConfigError&) = default;
  ConfigError& operator=(const ConfigError&) = default;
  ~ConfigError() override;
};

/// Nothing is known to be wrong with the data: the same work is tried again, for as long as it
/// takes. A COMMIT whose outcome is unknown is transient too, because every write is idempotent.
class HANGAR_API TransientError : public Error {
 public:
  enum class Retry {
    at_once,          ///< A race was lost (40001, 40P01): try again without waiting.
    conflict,         ///< A key is taken (23505): look it up again without waiting.
    backoff,          ///< The session still works: wait a little.
    locked,           ///< Somebody else holds a lock for long (55P03): wait a little, or go on
                      ///< without what is locked.
    reconnect,        ///< The session is gone or in doubt: open a new one first.
    when_answerable,  ///< The database refuses as a whole (privileges, schema, disk): wait long,
                      ///< not ready, never dead-letter.
    unknown,          ///< Of no known class: wait a little.
  };
  TransientError(const std::string& what, Retry retry, std::string sqlstate = {});
  TransientError(const TransientError&) = default;
  TransientError& operator=(const TransientError&) = default;
  ~TransientError() override;
  [[nodiscard]] Retry retry() const noexcept { return retry_; }
  /// Whether a row may be at fault after all: one that fails so alone, again and again.
  [[nodiscard]] bool row_may_be_at_fault() const noexcept {
    return retry_ == Retry::conflict || retry_ == Retry::unknown;
  }
  /// SQLSTATE or SQLite's extended result code; empty when the failure has none.
  [[nodiscard]] const std::string& sqlstate() const noexcept { return sqlstate_; }

 private:
  Retry retry_;
  std::string sqlstate_;
};

/// At least one row of this transaction is at fault and will fail again; its neighbours will not.
/// The caller goes on beside it (`Session::savepoint`) and judges what the row was made of.
class HANGAR_API DataError : public Error {
 public:
  /// `reason` is a word from a closed set, for headers and metric labels, for example `nul_byte`;
  /// `pointer` the JSON pointer (RFC 6901) of the fault where one is known. `constraint` names the
  /// constraint that the row breaks, or the column of it in a database that names none.
  DataError(std::string reason, const std::string& what, std::string pointer = {},
            std::string sqlstate = {}, std::string constraint = {});
  DataError(const DataError&) = default;
  DataError& operator=(const DataError&) = default;
  ~DataError() override;
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  [[nodiscard]] const std::string& pointer() const noexcept { return pointer_; }
  [[nodiscard]] const std::string& sqlstate() const noexcept { return sqlstate_; }
  /// Empty when none is known.
  [[nodiscard]] const std::string& constraint() const noexcept { return constraint_; }

 private:
  std::string reason_;
  std::string pointer_;
  std::string sqlstate_;
  std::string constraint_;
};

}  // namespace hangar
