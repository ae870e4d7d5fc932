#include "nats/reconnection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "config/mask_url.hpp"
#include "nats/remedy.hpp"

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr auto repeat_trouble_after = 30s;
// A server that hangs up sooner is tried more and more seldom, like one that cannot be reached.
constexpr auto lasting = 1s;
constexpr std::size_t most_discovered = 64;

// So that the clients of a server that was restarted do not all come at once.
std::chrono::milliseconds jittered(std::chrono::milliseconds wait, std::minstd_rand& random) {
  std::uniform_int_distribution<std::int64_t> spread{wait.count() / 2, wait.count()};
  return std::chrono::milliseconds{spread(random)};
}

// Each ack has a subject of its own, made of numbers: where acks are refused, all are one thing.
std::string kind_of(std::string line) {
  if (!permission_violation_in(line)) return line;
  std::erase_if(line, [](char c) { return c >= '0' && c <= '9'; });
  return line;
}

}  // namespace

Reconnection::Reconnection(std::vector<Endpoint> configured, std::uint32_t seed)
    : endpoints_{std::move(configured)},
      configured_{endpoints_.size()},
      random_{seed},
      told_{repeat_trouble_after} {}

Reconnection::Step Reconnection::step(Happened what, const std::string& why, Time now) {
  Step step;
  if (what == Happened::connected) {
    server_ = trying_;
    connected_at_ = now;
    if (!brief_) told_ = RateLimit{repeat_trouble_after};
    // For each trouble that was told, and so as seldom: the last word is never that it is lost.
    if (std::exchange(trouble_told_, false)) step.line = "NATS: connected";
    return step;
  }
  if (what == Happened::failed) {
    step = next();
  } else if (what != Happened::trouble) {
    leaving_ = what == Happened::left;
    brief_ = what == Happened::lost && now - connected_at_ < lasting;
    if (!brief_) {
      tried_ = 0;
      wait_.reset();
      told_ = RateLimit{repeat_trouble_after};
    }
    std::shuffle(endpoints_.begin(), endpoints_.begin() + static_cast<std::ptrdiff_t>(configured_),
                 random_);
    step = next();
  }
  if (what == Happened::lost) {
    step.trouble = fmt::format("NATS: connection lost: {}", why);
  } else if (what == Happened::left) {
    step.trouble = fmt::format("NATS: {} is left for another server: {}", server_.address(), why);
  } else {
    step.trouble = why;
  }
  if (!step.trouble.empty()) {
    step.line = tell(mask_url(step.trouble), now);
    if (!step.line.empty()) trouble_told_ = true;
  }
  return step;
}

Reconnection::Step Reconnection::next() {
  Step step;
  do {
    if (tried_ > 0 && tried_ % endpoints_.size() == 0) {
      step.after += jittered(wait_.next(), random_);
    }
    ++tried_;
    step.server = &endpoints_[at_++ % endpoints_.size()];
  } while (leaving_ && tried_ <= endpoints_.size() && step.server->address() == server_.address());
  trying_ = *step.server;
  return step;
}

std::string Reconnection::tell(const std::string& line, Time now) {
  return told_.told(kind_of(line), now) ? line : std::string{};
}

std::vector<std::string> Reconnection::learn(const std::vector<std::string>& urls) {
  std::vector<std::string> problems;
  endpoints_.resize(configured_);
  for (const std::string& url : urls) {
    if (endpoints_.size() == configured_ + most_discovered) break;
    try {
      Endpoint told = discovered(server_, url);
      if (std::ranges::find(endpoints_, told.address(), &Endpoint::address) == endpoints_.end()) {
        endpoints_.push_back(std::move(told));
      }
    } catch (const std::exception& error) {
      problems.emplace_back(error.what());
    }
  }
  return problems;
}

}  // namespace hangar
