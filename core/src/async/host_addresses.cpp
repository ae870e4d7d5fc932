#include "async/host_addresses.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;

// A service moves to another address now and then, and many connections are made at once.
constexpr auto kept_for = 5s;
// While the name servers are silent: what was known before is better than to wait for long.
constexpr auto patience = 1s;

HostAddresses::Found resolved(const std::string& host, const std::string& port,
                              asio::ip::tcp::resolver::flags flags) {
  asio::io_context none_else;
  HostAddresses::Found found;
  for (const auto& entry :
       asio::ip::tcp::resolver{none_else}.resolve(host, port, flags, found.failed)) {
    found.endpoints.push_back(entry.endpoint());
  }
  return found;
}

}  // namespace

/// What the thread that looks up has of the strand; nothing when that is gone.
struct HostAddresses::Question {
  explicit Question(HostAddresses& who) : asker{&who} {}

  std::mutex mutex{};
  HostAddresses* asker;
};

HostAddresses::Found HostAddresses::look_up(const std::string& host, const std::string& port) {
  return resolved(host, port, {});
}

HostAddresses::HostAddresses(asio::any_io_executor executor, std::string host, std::string port,
                             LookUp look_up)
    : executor_{std::move(executor)},
      host_{std::move(host)},
      port_{std::move(port)},
      look_up_{std::move(look_up)},
      looked_up_{executor_},
      last_{resolved(host_, port_, asio::ip::tcp::resolver::numeric_host)} {
  if (!last_.failed) fresh_until_ = Clock::time_point::max();
}

HostAddresses::~HostAddresses() {
  if (!asked_) return;
  const std::lock_guard lock{asked_->mutex};
  asked_->asker = nullptr;
}

asio::awaitable<HostAddresses::Found> HostAddresses::find(std::chrono::milliseconds within,
                                                          const bool& given_up) {
  const auto before = answers_;
  if (!asked_ && Clock::now() >= fresh_until_) ask();
  auto deadline = later(Clock::now(), within);
  if (!last_.endpoints.empty()) deadline = std::min(deadline, asked_at_ + patience);
  while (asked_ && answers_ == before && !given_up && Clock::now() < deadline) {
    co_await looked_up_.wait_until(deadline);
  }
  Found found = last_;
  if (answers_ == before && found.endpoints.empty()) {
    found.failed = asio::error::host_not_found_try_again;
  }
  co_return found;
}

void HostAddresses::doubt() {
  if (fresh_until_ != Clock::time_point::max()) fresh_until_ = {};
}

void HostAddresses::ask() {
  const auto question = std::make_shared<Question>(*this);
  const auto look = [question, look_up = look_up_, host = host_, port = port_] {
    Found found = look_up(host, port);
    const std::lock_guard lock{question->mutex};
    if (question->asker == nullptr) return;
    asio::post(question->asker->executor_, [question, found = std::move(found)]() mutable {
      if (question->asker != nullptr) question->asker->take(std::move(found));
    });
  };
  asked_at_ = Clock::now();
  try {
    std::thread{look}.detach();
    asked_ = question;
  } catch (const std::system_error& no_thread) {
    take({no_thread.code(), {}});
  }
}

void HostAddresses::take(Found found) {
  asked_.reset();
  ++answers_;
  if (!found.failed) fresh_until_ = Clock::now() + kept_for;
  // A name that is no more has no addresses, but one that cannot be looked up still has them.
  const bool certain = !found.failed || found.failed == asio::error::host_not_found;
  if (certain || last_.endpoints.empty()) last_ = std::move(found);
  looked_up_.wake_all();
}

}  // namespace hangar
