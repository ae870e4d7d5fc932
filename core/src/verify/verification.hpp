#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hangar/storage.hpp"
#include "host/installation.hpp"
#include "host/nats_server.hpp"
#include "host/single_run.hpp"
#include "log/stderr_log.hpp"
#include "source/pull_source.hpp"
#include "verify/shadow_storage.hpp"

namespace hangar {

/// What was found out about one service.
struct Verified {
  std::string service;
  std::uint64_t events = 0;
  std::uint64_t unsettled = 0;  ///< Positions of the stream that were left out: not settled yet.
  bool has_tables = false;      ///< Without tables or sources there was nothing to compare.
  int signal = 0;               ///< The one that ended it early, or 0; then nothing below counts.
  Comparison::Outcome outcome;

  /// Whether what is stored is what the events say.
  [[nodiscard]] bool agrees() const noexcept {
    return outcome.different == 0 && !outcome.mostly_gone();
  }
};

/// Compares what services have stored with what the events say that their streams retain. Blocking.
class Verification {
 public:
  /// Throws ConfigError. `installation` outlives this.
  Verification(const Installation& installation, const ShadowStorage::Options& options);

  /// Throws what a run of the service throws, and Error when it ended before the stream did.
  Verified verify(SingleRun& service);

 private:
  std::vector<std::uint64_t> dead_lettered(const std::string& service, const std::string& stream);
  ServiceResources resources(SingleRun& service, ShadowStorage& shadow);

  StderrLog log_;
  NatsServer nats_server_;
  std::unique_ptr<Storage> storage_;
  ShadowStorage::Options options_;
  /// By stream.
  std::map<std::string, std::vector<std::uint64_t>> dead_lettered_;
  std::vector<std::shared_ptr<const SourceCounters>> sources_;
};

}  // namespace hangar
