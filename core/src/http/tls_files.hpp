#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hangar/log.hpp"

namespace hangar {

/// The certificate of a listener and its key, in files that are replaced when it is renewed. They
/// are looked at when a connection comes, which TLS makes costly anyway; the files are small, so
/// the loop may wait for them.
class TlsFiles {
 public:
  using Context = std::shared_ptr<boost::asio::ssl::context>;

  /// Throws ConfigError, which names the setting, when they cannot be used.
  TlsFiles(std::string setting, std::string certificate, std::string key);

  /// For a new connection, of the files as they are. When they were replaced by what cannot be
  /// used, the log says so, and it is the last one that could.
  Context context(Log& log);

  /// When the certificate expires.
  [[nodiscard]] std::chrono::system_clock::time_point expires() const;

 private:
  using Look = std::vector<std::int64_t>;

  [[nodiscard]] Look look() const;
  [[nodiscard]] Context load() const;

  std::string setting_;
  std::string certificate_;
  std::string key_;
  Look seen_;  ///< What distinguishes the files that were tried last from others.
  Context context_;
};

}  // namespace hangar
