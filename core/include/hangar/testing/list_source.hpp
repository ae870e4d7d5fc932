#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hangar/event.hpp"
#include "hangar/source.hpp"

namespace hangar::testing {

/// A source from a list. A message that is given back comes again, behind the others; one that has
/// its answer never does. Used on its executor, as every source.
class ListSource final : public Source {
 public:
  using Headers = std::map<std::string, std::string, std::less<>>;

  explicit ListSource(const boost::asio::any_io_executor& executor);
  ~ListSource() override;

  /// Behind what is there. Returns its position, which counts from 1.
  std::uint64_t add(std::string data, std::string subject = "subject", Headers headers = {});
  /// Positions in the order of the acks.
  [[nodiscard]] const std::vector<std::uint64_t>& acked() const noexcept;
  /// Positions in the order in which messages were given back, once for each time.
  [[nodiscard]] const std::vector<std::uint64_t>& given_back() const noexcept;
  /// The dead letters, by position.
  [[nodiscard]] const std::map<std::uint64_t, Rejection>& rejected() const noexcept;

  /// From now on `next` returns an empty batch once every message has its answer.
  void drain();
  /// From now on `next` returns an empty batch.
  void stop();
  /// From now on neither.
  void open() noexcept;

  boost::asio::awaitable<Batch> next(std::size_t limit, std::chrono::milliseconds linger) override;
  boost::asio::awaitable<void> reject(Message message, Rejection why) override;

 private:
  class Delivery;
  struct Listed;
  struct State;
  std::shared_ptr<State> state_;  ///< Messages may outlive the source.
};

}  // namespace hangar::testing
