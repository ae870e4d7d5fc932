#include "nats/jetstream_health.hpp"

#include <algorithm>

namespace hangar {

JetStreamHealth::Verdict JetStreamHealth::connected() noexcept {
  since_.reset();
  return {.trouble = trouble_};
}

JetStreamHealth::Verdict JetStreamHealth::served(Time now) noexcept {
  if (!quorum_) return {.trouble = trouble_};
  served_ = std::max(served_, now);
  since_.reset();
  trouble_ = Trouble::none;
  return {};
}

JetStreamHealth::Verdict JetStreamHealth::answered(bool quorum, Time sent, Time now) noexcept {
  quorum_ = quorum;
  if (quorum) return served(sent);
  const bool again = trouble_ == Trouble::unavailable && since_ && now - *since_ < patience;
  if (again) return {.trouble = trouble_};
  since_ = now;
  trouble_ = Trouble::unavailable;
  return {.trouble = trouble_, .leave = true};
}

JetStreamHealth::Verdict JetStreamHealth::failed(Trouble why, Time sent, Time now) noexcept {
  const Time begin = std::max(sent, served_);
  since_ = std::min(since_.value_or(begin), begin);
  if (now - *since_ < patience) return {.trouble = trouble_};
  since_ = now;
  trouble_ = why;
  // This user is the same everywhere.
  return {.trouble = trouble_, .leave = why != Trouble::denied};
}

std::string_view describe(JetStreamHealth::Trouble trouble) noexcept {
  using enum JetStreamHealth::Trouble;
  switch (trouble) {
    case none:
      break;
    case unanswered:
      return "the server does not answer calls to JetStream: is it cut off from its cluster?";
    case unavailable:
      return "the server says that JetStream is unavailable: has its cluster a majority?";
    case no_responders:
      return "nobody serves JetStream there: is it enabled, and is nats.domain right?";
    case denied:
      return "the server does not let this user call JetStream: the log names the subject";
  }
  return {};
}

}  // namespace hangar
