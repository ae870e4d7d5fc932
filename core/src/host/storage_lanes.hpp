#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "hangar/event.hpp"
#include "hangar/log.hpp"
#include "hangar/storage.hpp"

namespace hangar {

/// The storage threads of one service: a session and a thread for each lane, and the rule by which
/// a failed transaction is tried again.
class StorageLanes {
 public:
  /// `storage` and `log` outlive this. Coroutines resume on `executor`.
  StorageLanes(boost::asio::any_io_executor executor, Storage& storage, Log& log, Event& stopping,
               std::size_t lanes);
  StorageLanes(const StorageLanes&) = delete;
  StorageLanes& operator=(const StorageLanes&) = delete;
  ~StorageLanes();

  /// `Context::open_storage` after the threads are there.
  boost::asio::awaitable<void> prepare(std::span<const Table* const> tables, Creation creation);
  /// `Context::transact`.
  boost::asio::awaitable<void> transact(std::size_t lane, std::function<void(Session&)> work);

 private:
  struct Lane {
    boost::asio::thread_pool thread{1};
    std::unique_ptr<Session> session;
  };

  /// Runs `work` on the lane's thread until it does not throw a TransientError.
  boost::asio::awaitable<void> retry(Lane& lane, std::function<void()> work);

  boost::asio::any_io_executor executor_;
  Storage& storage_;
  Log& log_;
  Event& stopping_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace hangar
