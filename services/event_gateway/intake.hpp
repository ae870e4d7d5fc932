#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>

#include "gateway_config.hpp"
#include "hangar/error.hpp"
#include "hangar/event.hpp"
#include "hangar/log.hpp"
#include "hangar/metrics.hpp"
#include "hangar/publisher.hpp"
#include "hangar/storage.hpp"
#include "prefect/json/json_document.hpp"
#include "prefect/published_event.hpp"
#include "sender.hpp"

namespace hangar::gateway {

inline constexpr const char* event_stream = "PREFECT_EVENTS";
inline constexpr const char* event_subjects = "prefect.events.>";
inline constexpr const char* invalid_stream = "HANGAR_GATEWAY_DLQ";
inline constexpr const char* invalid_subject = "hangar.gateway_dlq";

/// Publishes what clients send. For the strand of the service; what is on its way keeps it alive.
class Intake : public std::enable_shared_from_this<Intake> {
 public:
  using Clock = std::chrono::steady_clock;

  /// The host's outlive it, also as long as answers of the publisher may come.
  Intake(boost::asio::any_io_executor executor, const GatewayConfig& config, Publisher& publisher,
         Log& log, Metrics& metrics);

  /// The value of a JSON text, valid until the next call of anything here. Throws DataError.
  prefect::JsonValue parse(std::string_view json) { return document_.parse(json); }
  /// The event that the value is. Throws DataError.
  prefect::PublishedEvent event(prefect::JsonValue value);

  /// Publishes the event that a message is; one that is invalid becomes a dead letter. Waits only
  /// for room.
  boost::asio::awaitable<void> take(std::string_view json, std::shared_ptr<Sender> sender);
  /// Publishes an event, but drops one that is too large for Prefect. Waits only for room.
  boost::asio::awaitable<void> publish(prefect::PublishedEvent event,
                                       std::shared_ptr<Sender> sender);
  /// Stores what is no event. Waits only for room.
  boost::asio::awaitable<void> reject(std::string_view content, DataError why,
                                      std::shared_ptr<Sender> sender);

  /// Whether events wait for an answer, and none came for the publish timeout.
  [[nodiscard]] bool stalled() const noexcept {
    return unanswered_ > 0 && Clock::now() - last_answer_ > timeout_;
  }

 private:
  /// Of what was refused.
  struct Letter {
    Letter() = default;
    std::string content{};  ///< Its beginning.
    std::size_t size = 0;   ///< Of all of it.
    std::string reason{}, error{}, pointer{};
  };

  static Letter letter_of(std::string_view content, const DataError& why);
  /// Stores it as the message of this number.
  boost::asio::awaitable<void> store(Letter letter, std::uint64_t number,
                                     std::shared_ptr<Sender> sender);
  /// What the server does not take for good becomes a dead letter.
  void refused(std::string_view content, const std::exception_ptr& why, std::uint64_t number,
               std::shared_ptr<Sender> sender);
  void began() noexcept;
  void answered() noexcept;
  bool tells(Clock::time_point& last) noexcept;

  boost::asio::any_io_executor executor_;
  Publisher& publisher_;
  Log& log_;
  const prefect::EventLimits limits_;
  const std::size_t most_bytes_;
  const std::chrono::milliseconds timeout_;
  const std::string incarnation_;  ///< Tells the dead letters of two processes apart.
  std::uint64_t letters_ = 0;
  std::size_t unanswered_letters_ = 0;
  Condition letters_room_;
  StorageLimits storage_limits_;
  prefect::JsonDocument document_;
  std::array<std::byte, 4096> texts_of_most_;
  std::pmr::monotonic_buffer_resource texts_{texts_of_most_.data(), texts_of_most_.size()};
  std::size_t unanswered_ = 0;  ///< Of events.
  Clock::time_point last_answer_{};
  Clock::time_point told_invalid_{};
  Clock::time_point told_oversize_{};
  std::function<void(double)> stored_;
  std::function<void(double)> invalid_;
  std::function<void(double)> oversize_;
};

}  // namespace hangar::gateway
