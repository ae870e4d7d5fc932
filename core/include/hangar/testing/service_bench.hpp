#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "hangar/plugin.hpp"
#include "hangar/service.hpp"
#include "hangar/testing/list_source.hpp"

namespace hangar::testing {

/// One service without a broker, a database or a host: its sources are lists, its rows are in
/// memory, its clock moves when the test says so. A transaction runs at once, on the thread of the
/// test, and is tried ten times. There is no listener, no steered consumer and no live source.
class ServiceBench {
 public:
  /// `hangar_plugin`, say, of a program that has the service's file among its sources.
  explicit ServiceBench(const Plugin& plugin);
  ServiceBench(const ServiceBench&) = delete;
  ServiceBench& operator=(const ServiceBench&) = delete;
  ~ServiceBench();

  /// Sets `services.<its name>.<name>`, before all else. Throws std::invalid_argument for a setting
  /// that the service has not, or not of this type.
  template <class T>
  void set(std::string_view name, T value) {
    if constexpr (std::same_as<T, bool> || std::same_as<T, Duration>) {
      assign(name, value);
    } else if constexpr (std::integral<T>) {
      assign(name, static_cast<std::int64_t>(value));
    } else {
      assign(name, std::string{std::move(value)});
    }
  }
  /// The source of that name. Throws std::logic_error when the service declares none.
  ListSource& source(std::string_view name = "main");

  /// Runs the service until it ends by itself, or has answered all messages. Throws what it throws,
  /// and std::runtime_error when that takes longer than a minute.
  void run();
  /// Starts it, and returns when it waits.
  void start();
  /// Moves the clock of `stopped_within` and `every`, and returns when the service waits again.
  void advance(std::chrono::milliseconds time);
  /// Ends it as a host does. Throws as `run` does.
  void stop();

  /// All rows of a table that the service declares, in order of the primary key. Throws
  /// std::logic_error for another one.
  [[nodiscard]] Rows rows(std::string_view table);
  [[nodiscard]] const std::vector<OutgoingMessage>& published() const noexcept;
  /// A counter of all labels together, or how many observations a histogram has taken. Throws
  /// std::out_of_range for one that the service has not asked for.
  [[nodiscard]] double metric(const std::string& name) const;
  /// What it said in its log.
  [[nodiscard]] const std::vector<std::string>& log() const noexcept;

 private:
  class Bench;

  template <class T>
  void assign(std::string_view name, T value) {
    T* const* const target = std::get_if<T*>(&field(name).target);
    if (target == nullptr) {
      throw std::invalid_argument{std::string{name} + " is a setting of another type"};
    }
    **target = std::move(value);
  }
  [[nodiscard]] const Field& field(std::string_view name) const;

  std::unique_ptr<Bench> bench_;
};

}  // namespace hangar::testing
