#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "hangar/batch_target.hpp"
#include "hangar/callable.hpp"
#include "hangar/service.hpp"

/// Messages into rows, with the promises of README.md: a message is acked only when its rows are
/// durable; one that the database refuses goes to the dead letters alone, and only where it is
/// shown that the database takes others.
namespace hangar {

struct BatchLimits {
  std::size_t batch_size = 1000;                 ///< The most items of one transaction.
  std::chrono::milliseconds flush_interval{20};  ///< See `Source::next`.
  /// How often an item that fails alone, for a reason that says nothing of it, is tried again.
  std::size_t retries_alone = 5;
  /// When an item is tried again that refers to a row which is not there.
  std::vector<Duration> orphan_retry_delays{};
};

namespace detail {
/// From now on the series of a writer are there, as zeros.
HANGAR_API void add_batch_metrics(Metrics& metrics);
/// Returns when the source is exhausted. What is given must stay until then.
HANGAR_API boost::asio::awaitable<void> write_batches(
    Context& context, Source& source, const BatchLimits& limits,
    const std::function<ItemPtr(const Message&)>& decode, BatchTarget& target);
}  // namespace detail

/// Reads messages, writes their items in transactions of many, in several lanes at the same time,
/// and answers them. What is refused, locked, too much for one transaction or not yet there stops
/// no other item, and items that share a name are written in order. Used on the service's executor.
template <class T>
class BatchWriter {
 public:
  /// Makes an item of a message; nothing where the service has nothing to do with it, which is
  /// acked then. Throws a DataError for a message that is a dead letter.
  using Decode = Callable<std::optional<Decoded<T>>(const Message&, ItemMemory&)>;
  /// See `BatchTransaction::write`.
  using Write = Callable<std::vector<Verdict>(Session&, Items<T>, WriteCall&)>;
  /// A value that goes in beside the one given, in rows of its own. For `WriteProof`.
  using Again = Callable<T(const T&)>;

  /// Context and source outlive it. Its series are in the metrics from now on: a service that makes
  /// it in its constructor has them when it is ready.
  BatchWriter(Context& context, Source& source, BatchLimits limits)
      : context_{context}, source_{source}, limits_{std::move(limits)} {
    detail::add_batch_metrics(context_.metrics());
  }

  /// Returns when the source is exhausted, which is how the host stops a service; throws what
  /// `Context::transact` throws, but no DataError; std::invalid_argument where there is no lane,
  /// since the service declares no table, no item or no function; and std::logic_error where it
  /// runs already, or the target contradicts itself. This object and the target stay until it
  /// returns.
  boost::asio::awaitable<void> run(Decode decode, BatchTarget& target) {
    if (!decode) throw std::invalid_argument{"a BatchWriter has nothing to decode with"};
    const Running running{running_};
    ItemMemory memory;
    const std::function<detail::ItemPtr(const Message&)> make = [&](const Message& message) {
      memory.next_item<T>();
      auto decoded = decode(message, memory);
      return decoded ? memory.item<T>(*std::move(decoded)) : detail::ItemPtr{};
    };
    co_await detail::write_batches(context_, source_, limits_, make, target);
  }

  /// The same for what one function writes. Without `again` see `BatchTarget::proof`; with it, `T`
  /// has no memory of `ItemMemory`, for its copies outlive it.
  boost::asio::awaitable<void> run(Decode decode, Write write, Again again = {}) {
    if (!write) throw std::invalid_argument{"a BatchWriter has nothing to write with"};
    Function target{std::move(write), std::move(again)};
    co_await run(std::move(decode), target);
  }

 private:
  /// Keeps the flag alive: a loop that ends destroys coroutines whose service is gone.
  struct Running {
    explicit Running(std::shared_ptr<bool> its) : flag{std::move(its)} {
      if (*flag) throw std::logic_error{"a BatchWriter is run twice at the same time"};
      *flag = true;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { *flag = false; }
    const std::shared_ptr<bool> flag;
  };
  struct Attempt final : BatchTransaction {
    explicit Attempt(const Write& write) : with{write} {}
    Written write(Session& session, AnyItems items, WriteCall& call) override {
      return Written{with(session, Items<T>{items}, call), {}};
    }
    const Write& with;
  };
  struct Proof final : WriteProof {
    Proof(const Write& write, const Again& again, const T& its)
        : with{write}, renamed{again}, value{its} {}
    [[nodiscard]] bool goes_in_again(Session& session) const override {
      const detail::ItemOf<T> item{renamed(value)};
      const detail::BatchItem* const one = &item;
      WriteCall call{.oldest = 1};
      const auto verdicts = with(session, Items<T>{AnyItems{&one, 1}}, call);
      return verdicts.size() == 1 && verdicts.front().recorded();
    }
    const Write& with;
    const Again& renamed;
    T value;
  };
  struct Function final : BatchTarget {
    Function(Write write, Again again) : with{std::move(write)}, renamed{std::move(again)} {}
    [[nodiscard]] std::unique_ptr<BatchTransaction> begin() override {
      return std::make_unique<Attempt>(with);
    }
    [[nodiscard]] std::shared_ptr<const WriteProof> proof(const detail::BatchItem& item) override {
      if constexpr (std::is_copy_constructible_v<T>) {
        if (!renamed) return nullptr;
        return std::make_shared<Proof>(with, renamed,
                                       static_cast<const detail::ItemOf<T>&>(item).value);
      } else {
        return nullptr;
      }
    }
    const Write with;
    const Again renamed;
  };

  Context& context_;
  Source& source_;
  BatchLimits limits_;
  std::shared_ptr<bool> running_ = std::make_shared<bool>(false);
};

}  // namespace hangar
