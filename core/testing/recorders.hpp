#pragma once

#include <boost/asio/awaitable.hpp>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hangar/log.hpp"
#include "hangar/metrics.hpp"
#include "hangar/publisher.hpp"

// What a service tells, kept for its test.
namespace hangar::testing {

class RecordedLog final : public Log {
 public:
  void write(LogLevel, std::string_view line) noexcept override { lines_.emplace_back(line); }
  [[nodiscard]] bool enabled(LogLevel) const noexcept override { return true; }
  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  std::vector<std::string> lines_;
};

class RecordedMetrics final : public Metrics {
 public:
  std::function<void(double)> counter(const std::string& name, const std::string&,
                                      const Labels&) override {
    return [number = number(name)](double more) { *number += more; };
  }
  std::function<void(double)> histogram(const std::string& name, const std::string&,
                                        const std::vector<double>&) override {
    return [number = number(name)](double) { ++*number; };
  }
  [[nodiscard]] double at(const std::string& name) const { return *numbers_.at(name); }

 private:
  std::shared_ptr<double> number(const std::string& name) {
    auto& number = numbers_[name];
    if (!number) number = std::make_shared<double>(0);
    return number;
  }
  std::map<std::string, std::shared_ptr<double>> numbers_;
};

/// Stores every message at once.
class RecordedPublisher final : public Publisher {
 public:
  boost::asio::awaitable<PubAck> publish(OutgoingMessage message) override {
    messages_.push_back(std::move(message));
    co_return PubAck{"STREAM", messages_.size(), false};
  }
  boost::asio::awaitable<void> enqueue(OutgoingMessage message) override {
    messages_.push_back(std::move(message));
    co_return;
  }
  boost::asio::awaitable<void> enqueue(OutgoingMessage message, Answered answered) override {
    messages_.push_back(std::move(message));
    answered(nullptr, messages_.back());
    co_return;
  }
  boost::asio::awaitable<void> flush() override { co_return; }

  [[nodiscard]] const std::vector<OutgoingMessage>& messages() const noexcept { return messages_; }

 private:
  std::vector<OutgoingMessage> messages_;
};

}  // namespace hangar::testing
