#include "source/pull_source.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <utility>

#include "source/pull_session.hpp"

namespace asio = boost::asio;

namespace hangar {

std::size_t credit_messages(const SourceOptions& source) noexcept {
  // Enough for two batches of the default size and one that is being written.
  constexpr std::size_t least = 4000;
  return std::max(least, (source.lanes + 1) * source.batch_size);
}

PullSource::PullSource(const asio::any_io_executor& executor, const NatsConfig& nats,
                       PullOptions options, Log& log)
    : executor_{executor}, session_{PullSession::start(executor, nats, std::move(options), log)} {}

PullSource::~PullSource() {
  session_->stop();
  // The coroutine begins after this object is gone, so it owns the session from the first moment.
  asio::co_spawn(
      executor_, [session = session_]() -> asio::awaitable<void> { co_await session->close(); },
      asio::detached);
}

asio::awaitable<void> PullSource::open() { return session_->open(); }

asio::awaitable<Batch> PullSource::next(std::size_t limit, std::chrono::milliseconds linger) {
  return session_->next(limit, linger);
}

asio::awaitable<void> PullSource::reject(Message message, Rejection why) {
  return session_->reject(std::move(message), std::move(why));
}

asio::awaitable<std::optional<std::chrono::sys_time<std::chrono::nanoseconds>>>
PullSource::forced() {
  return session_->forced();
}

std::function<void()> PullSource::stopper() const {
  return [executor = executor_, weak = std::weak_ptr{session_}] {
    asio::dispatch(executor, [weak] {
      if (const auto session = weak.lock()) session->stop();
    });
  };
}

void PullSource::pause(bool paused) { session_->pause(paused); }

std::shared_ptr<const SourceCounters> PullSource::counters() const { return session_->counters(); }

asio::awaitable<void> PullSource::close() { return session_->close(); }

}  // namespace hangar
