#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "hangar/callable.hpp"
#include "hangar/event.hpp"
#include "hangar/log.hpp"
#include "hangar/storage.hpp"
#include "storage/storage_outcome.hpp"

namespace hangar {

/// The storage threads of one service: a session and a thread for each of its lanes, and the rule
/// by which a failed transaction is tried again. Its coroutines keep it alive.
class SessionPool : public std::enable_shared_from_this<SessionPool> {
 public:
  using Told = std::function<void(const StorageOutcome&)>;

  /// `storage`, `log` and `stopping` outlive this. Coroutines resume on `executor`, where `told`,
  /// which may be empty, is called after each attempt, until `close`.
  SessionPool(boost::asio::any_io_executor executor, Storage& storage, Log& log, Event& stopping,
              std::size_t sessions, Told told);
  SessionPool(const SessionPool&) = delete;
  SessionPool& operator=(const SessionPool&) = delete;
  ~SessionPool();

  /// Checks or creates the tables. Unless it may `wait`, one failure is enough. Transactions wait
  /// until it has ended.
  boost::asio::awaitable<void> prepare(std::span<const Table* const> tables, Creation creation,
                                       bool wait);
  /// `Context::transact`, on the last session for a lane beyond it.
  boost::asio::awaitable<void> transact(StorageOutcome::Operation operation, std::size_t lane,
                                        Callable<void(Session&)> work);
  /// Nobody is told of attempts any more, and what fails now is not tried again.
  void close() noexcept;

 private:
  struct Worker {
    boost::asio::thread_pool thread{1};
    std::unique_ptr<Session> session;
  };

  /// Runs `work` on the worker's thread until it does not throw a TransientError.
  boost::asio::awaitable<void> retry(Worker& worker, StorageOutcome::Operation operation,
                                     std::function<void()> work);
  /// One attempt, whose outcome is told.
  boost::asio::awaitable<void> attempt(Worker& worker, StorageOutcome::Operation operation,
                                       const std::function<void()>& work);

  /// Throws ConfigError when a table is not there, or not as the service declares it. On a worker's
  /// thread, after a transaction with the table has failed.
  void look_at(const Table& undeclared);
  /// Says what the storage works with but should not: tables that a crash empties, say. Never
  /// fails.
  void warn(std::span<const Table* const> tables, Creation creation);

  boost::asio::any_io_executor executor_;
  Storage& storage_;
  Log& log_;
  Event& stopping_;
  Told told_;
  bool closed_ = false;
  bool prepared_ = false;
  Event prepare_ended_;
  std::vector<const Table*> declared_;  ///< What `prepare` was given.
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace hangar
