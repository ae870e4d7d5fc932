#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "hangar/storage.hpp"
#include "verify/comparison.hpp"
#include "verify/shadow_tables.hpp"

namespace hangar {

/// A storage for a service that records the retained events once more: what the service writes goes
/// into memory, is compared with what another storage has, and is forgotten. It takes no more
/// memory than `most_bytes` and some: what was not written for longest is compared first, and what
/// is told of it afterwards is compared by itself.
class ShadowStorage final : public Storage {
 public:
  struct Options {
    std::optional<std::size_t> sample{};  ///< Only so many roots, drawn by `seed`; nothing: all.
    std::uint64_t seed = 0;
    std::size_t most_bytes = std::size_t{128} << 20U;
  };

  /// `storage` outlives this. Rows that expire are not missed.
  ShadowStorage(Storage& storage, const Options& options, std::vector<Expires> expires = {})
      : options_{options},
        limits_{storage.limits()},
        tables_{options.sample, options.seed},
        comparison_{storage, std::move(expires)} {}

  /// Earlier events than those that are replayed existed.
  void incomplete();
  /// Compares what is in memory. Throws TransientError.
  const Comparison::Outcome& finish();

  void prepare(std::span<const Table* const> tables, Creation creation) override;
  std::vector<Check> examine(std::span<const Table* const> tables, Creation creation) override;
  [[nodiscard]] StorageLimits limits() const noexcept override { return limits_; }
  std::unique_ptr<Session> open_session() override;

 private:
  class Transactions;
  void compare_some(std::size_t roots);

  std::mutex mutex_;  ///< One transaction at a time.
  Options options_;
  StorageLimits limits_;  ///< Of the storage that is compared with.
  ShadowTables tables_;
  Comparison comparison_;
  bool broken_ = false;
};

}  // namespace hangar
