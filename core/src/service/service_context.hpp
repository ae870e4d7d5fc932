#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "hangar/service.hpp"
#include "service/supervisor.hpp"
#include "storage/session_pool.hpp"

namespace hangar {

/// The context of one run of one service.
class ServiceContext final : public Context {
 public:
  ServiceContext(Supervisor& supervisor, std::optional<int> max_persist_retries)
      : supervisor_{supervisor}, max_persist_retries_{max_persist_retries} {}

  [[nodiscard]] std::string_view service() const noexcept override { return supervisor_.name; }
  [[nodiscard]] boost::asio::any_io_executor executor() const override {
    return supervisor_.strand;
  }
  [[nodiscard]] Log& log() const noexcept override { return *supervisor_.log; }
  [[nodiscard]] Metrics& metrics() const noexcept override { return *supervisor_.metrics; }
  [[nodiscard]] bool stopping() const noexcept override { return supervisor_.stopping().is_set(); }
  [[nodiscard]] std::optional<int> max_persist_retries() const noexcept override {
    return max_persist_retries_;
  }
  void not_ready(std::string why) override { supervisor_.not_ready(std::move(why)); }
  boost::asio::awaitable<std::shared_ptr<Source>> open_source(SourceOptions options) override;
  boost::asio::awaitable<std::size_t> open_storage(std::span<const Table* const> tables,
                                                   std::size_t lanes) override;
  [[nodiscard]] StorageLimits storage_limits() const override {
    return supervisor_.resources.storage().limits();
  }
  boost::asio::awaitable<void> transact(std::size_t lane,
                                        std::function<void(Session&)> work) override;

 private:
  void heard(const StorageOutcome& outcome);

  Supervisor& supervisor_;
  std::optional<int> max_persist_retries_;
  std::unique_ptr<SessionPool> sessions_;
  std::size_t outages_ = 0;  ///< Attempts in a row that found the storage unable to answer.
};

}  // namespace hangar
