#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hangar/service.hpp"
#include "service/supervisor.hpp"
#include "storage/session_pool.hpp"

namespace hangar {

/// The context of one service, and what one run of it needs. It is there between runs too, for what
/// a service may have left behind: then most calls are the author's fault.
class ServiceContext final : public Context {
 public:
  explicit ServiceContext(Supervisor& supervisor) : supervisor_{supervisor} {}

  /// A run begins.
  void begin(std::optional<int> max_persist_retries);
  /// Gets ready what the service needs, tables first. Waits for whatever cannot be reached, until
  /// the service is stopped; not for tables that can wait.
  boost::asio::awaitable<void> prepare(const Needs& needs);
  /// The sources hand out nothing more.
  void stop();
  /// After the service is gone: returns when the last answers are sent.
  boost::asio::awaitable<void> close();

  [[nodiscard]] std::string_view service() const noexcept override { return supervisor_.name; }
  [[nodiscard]] boost::asio::any_io_executor executor() const override {
    return supervisor_.strand;
  }
  [[nodiscard]] Log& log() const noexcept override { return *supervisor_.log; }
  [[nodiscard]] Metrics& metrics() const noexcept override { return *supervisor_.metrics; }
  [[nodiscard]] bool stopping() const noexcept override { return supervisor_.stopping().is_set(); }
  boost::asio::awaitable<void> stopped() override;
  boost::asio::awaitable<bool> stopped_within(std::chrono::milliseconds most) override;
  [[nodiscard]] std::optional<int> max_persist_retries() const noexcept override {
    return max_persist_retries_;
  }
  void not_ready(std::string why) override;
  Source& source(std::string_view name) override;
  boost::asio::awaitable<bool> reread(
      std::string live, std::uint64_t from,
      Callable<boost::asio::awaitable<bool>(const Message&)> visit) override;
  Publisher& publisher() override;
  Consumer& consumer(std::string_view durable) override;
  boost::asio::awaitable<void> every(
      std::string lease, std::chrono::milliseconds period,
      Callable<boost::asio::awaitable<void>(const Lease&)> work) override;
  Listener& listener(std::string_view name) override;
  [[nodiscard]] std::size_t lanes() const noexcept override { return lanes_; }
  [[nodiscard]] StorageLimits storage_limits() const override {
    return supervisor_.resources.storage().limits();
  }
  boost::asio::awaitable<void> transact(std::size_t lane, Callable<void(Session&)> work) override;

 private:
  boost::asio::awaitable<void> open(std::string name, std::shared_ptr<ServiceSource> source);
  boost::asio::awaitable<void> prepare_storage(const Needs& needs);
  /// Whether that came to the end of the source.
  boost::asio::awaitable<bool> visit_all(
      ServiceSource& source, const Callable<boost::asio::awaitable<bool>(const Message&)>& visit);
  void heard(const StorageOutcome& outcome);
  /// Throws std::logic_error outside of the service's strand, and between runs.
  void check(std::string_view call) const;

  Supervisor& supervisor_;
  bool running_ = false;
  std::optional<int> max_persist_retries_{};
  std::shared_ptr<SessionPool> sessions_;
  std::size_t lanes_ = 0;
  std::size_t background_lanes_ = 0;
  bool tables_can_wait_ = false;
  std::shared_ptr<ServicePublisher> publisher_;
  std::map<std::string, std::shared_ptr<ServiceListener>, std::less<>> listeners_;
  std::map<std::string, std::shared_ptr<ServiceSource>, std::less<>> sources_;
  std::vector<LiveOptions> live_;
  std::vector<std::shared_ptr<ServiceSource>> rereaders_;
  std::map<std::string, std::shared_ptr<ServiceConsumer>, std::less<>> consumers_;
  std::vector<std::string> lease_names_;
  std::shared_ptr<Leases> leases_;
  std::shared_ptr<StreamWatch> watch_;
  std::size_t outages_ = 0;  ///< Attempts in a row that found the storage unable to answer.
};

}  // namespace hangar
