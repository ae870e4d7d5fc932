#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hangar/config.hpp"

namespace hangar {

/// The settings under `nats`: which server, as whom, and what is asked of its streams.
struct NatsConfig {
  std::vector<std::string> urls{"embedded"};
  std::string context;
  std::string credentials_file;
  std::string nkey_seed_file;
  std::string user;
  Secret password;
  Secret token;
  std::string domain;
  std::string api_prefix;
  std::string inbox_prefix = "_INBOX";
  struct Tls {
    bool required = false;
    std::string ca_file;
    std::string cert_file;
    std::string key_file;
    bool handshake_first = false;
    bool insecure = false;
  } tls;
  std::string server_binary = "nats-server";
  bool embedded = false;  ///< No setting: `urls` name the server that this program shares.
  std::int64_t replicas = 1;
  Duration max_age{7 * 24 * 3'600'000LL};
  /// Fifty thousand letters and more: poison must not fill the server's disk.
  ByteSize dlq_max_bytes{256U << 20U};
  ByteSize credit_bytes{14U << 20U};
  Duration hold_max{60'000};

  void fields(Fields& fields);
};

}  // namespace hangar
