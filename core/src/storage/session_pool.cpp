#include "storage/session_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <random>
#include <utility>

#include "api/describe.hpp"
#include "async/storage_thread.hpp"
#include "hangar/failpoint.hpp"
#include "storage/retry_delay.hpp"
#include "storage/service_session.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

double jitter() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>{0, 1}(random);
}

StorageOutcome::Result outcome_of(TransientError::Retry retry) {
  switch (retry) {
    case TransientError::Retry::at_once:
      return StorageOutcome::Result::at_once;
    case TransientError::Retry::conflict:
      return StorageOutcome::Result::conflict;
    case TransientError::Retry::backoff:
      return StorageOutcome::Result::backoff;
    case TransientError::Retry::locked:
      return StorageOutcome::Result::locked;
    case TransientError::Retry::reconnect:
      return StorageOutcome::Result::reconnect;
    case TransientError::Retry::when_answerable:
      return StorageOutcome::Result::when_answerable;
    case TransientError::Retry::unknown:
      return StorageOutcome::Result::unknown;
  }
  return StorageOutcome::Result::other;
}

/// Runs `work` on the thread and resumes the caller on its own executor; what `work` throws is
/// thrown there.
asio::awaitable<void> run_on(asio::thread_pool& thread, std::function<void()> work) {
  const auto start = [&](auto handler) {
    asio::post(thread, [work = std::move(work), handler = std::move(handler)]() mutable {
      std::exception_ptr failure;
      try {
        work();
      } catch (...) {
        failure = std::current_exception();
      }
      const auto executor = asio::get_associated_executor(handler);
      asio::post(executor, [handler = std::move(handler), failure]() mutable {
        std::move(handler)(failure);
      });
    });
  };
  co_await asio::async_initiate<decltype(asio::use_awaitable), void(std::exception_ptr)>(
      start, asio::use_awaitable);
}

}  // namespace

SessionPool::SessionPool(asio::any_io_executor executor, Storage& storage, Log& log,
                         Event& stopping, std::size_t sessions, Told told)
    : executor_{std::move(executor)},
      storage_{storage},
      log_{log},
      stopping_{stopping},
      told_{std::move(told)},
      prepare_ended_{executor_} {
  for (std::size_t i = 0; i < sessions; ++i) workers_.push_back(std::make_unique<Worker>());
}

SessionPool::~SessionPool() {
  for (const auto& worker : workers_) worker->thread.join();
}

asio::awaitable<void> SessionPool::attempt(Worker& worker, StorageOutcome::Operation operation,
                                           const std::function<void()>& work) {
  using enum StorageOutcome::Result;
  const auto began = std::chrono::steady_clock::now();
  const auto tell = [&](StorageOutcome::Result result, std::string_view error) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    if (told_) told_({operation, result, took.count(), error});
  };
  try {
    co_await run_on(worker.thread, work);
    tell(done, {});
  } catch (const TransientError& error) {
    tell(outcome_of(error.retry()), error.what());
    throw;
  } catch (const DataError& error) {
    tell(data, error.what());
    throw;
  } catch (...) {
    tell(other, describe(std::current_exception()));
    throw;
  }
}

asio::awaitable<void> SessionPool::retry(Worker& worker, StorageOutcome::Operation operation,
                                         std::function<void()> work) {
  for (std::size_t failures = 0;;) {
    std::optional<TransientError> failure;
    try {
      co_await attempt(worker, operation, work);
      if (failures > 0) log_.info("the storage answers again after {} failed attempts", failures);
      co_return;
    } catch (const TransientError& error) {
      failure = error;
    }
    if (stopping_.is_set() || closed_) throw *failure;
    const auto delay = retry_delay(failure->retry(), ++failures, jitter());
    if (delay.count() > 0) {
      log_.warning("storage: {}; attempt {} in {} ms", failure->what(), failures + 1,
                   delay.count());
    }
    const bool stops = co_await stopping_.wait_for(delay);
    if (stops || closed_) throw *failure;
  }
}

void SessionPool::close() noexcept {
  told_ = {};
  closed_ = true;
}

void SessionPool::warn(std::span<const Table* const> tables, Creation creation) {
  try {
    for (const Check& check : storage_.examine(tables, creation)) {
      if (check.verdict == Check::Verdict::ok) continue;
      log_.warning("{}: {}; {}", check.what, check.found, check.hint);
    }
  } catch (const TransientError& error) {
    log_.debug("looking at the storage: {}", error.what());  // recording says it again
  }
}

asio::awaitable<void> SessionPool::prepare(std::span<const Table* const> tables, Creation creation,
                                           bool wait) {
  const auto self = shared_from_this();
  declared_.assign(tables.begin(), tables.end());
  const auto work = [this, creation] {
    storage_.prepare(declared_, creation);
    warn(declared_, creation);
  };
  constexpr auto operation = StorageOutcome::Operation::prepare;
  std::exception_ptr failure;
  try {
    if (wait) {
      co_await retry(*workers_.front(), operation, work);
    } else {
      co_await attempt(*workers_.front(), operation, work);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  prepared_ = failure == nullptr;
  prepare_ended_.set();
  if (failure) std::rethrow_exception(failure);
}

void SessionPool::look_at(const Table& undeclared) {
  const Table* const table = &undeclared;
  try {
    storage_.prepare({&table, 1}, Creation::never);
  } catch (const ConfigError& error) {
    throw ConfigError{fmt::format(
        "{}; the service uses this table, but its needs do not name it, so that nobody looked "
        "whether it is there",
        error.what())};
  }
}

asio::awaitable<void> SessionPool::transact(StorageOutcome::Operation operation, std::size_t lane,
                                            Callable<void(Session&)> work) {
  const auto self = shared_from_this();
  co_await prepare_ended_.wait();
  if (!prepared_) {
    throw TransientError{"the tables did not become ready", TransientError::Retry::backoff};
  }
  Worker& mine = *workers_.at(std::min(lane, workers_.size() - 1));
  StorageThread::Dropped dropped;
  co_await retry(mine, operation, [this, &mine, &work, &dropped] {
    const StorageThread here{dropped};
    if (!mine.session) mine.session = storage_.open_session();
    if (!mine.session) throw Error{"the storage opened no session"};
    ServiceSession session{*mine.session, declared_};
    try {
      failpoint(Failpoint::before_write);
      mine.session->begin();
      work(session);
      failpoint(Failpoint::before_commit);
      mine.session->commit();
      failpoint(Failpoint::after_commit);
    } catch (const TransientError& error) {
      mine.session->rollback();
      if (error.retry() == TransientError::Retry::reconnect) mine.session.reset();
      if (error.retry() == TransientError::Retry::when_answerable && session.undeclared()) {
        look_at(*session.undeclared());
      }
      throw;
    } catch (...) {
      mine.session->rollback();
      throw;
    }
  });
}

}  // namespace hangar
