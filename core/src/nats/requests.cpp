#include "nats/requests.hpp"

#include <utility>

namespace hangar {
namespace {

constexpr std::chrono::milliseconds sweep_every{250};

}  // namespace

void Requests::sent(std::uint64_t token, std::string subject, std::chrono::milliseconds within,
                    OnReply on_reply) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  waiting_.emplace(token, Waiting{std::move(subject), deadline, std::move(on_reply)});
  sweep();
}

void Requests::answer(std::uint64_t token, WireMessage message) {
  const auto found = waiting_.find(token);
  if (found == waiting_.end()) return;  // it came too late
  const OnReply on_reply = std::move(found->second.on_reply);
  waiting_.erase(found);
  const bool nobody = body_of(*message).empty() && header_of(*message, "Status") == "503";
  Reply reply{nobody ? Reply::Fate::no_responders : Reply::Fate::answered, std::move(message)};
  on_reply(std::move(reply));
  if (reply.message) spent_.add(std::move(reply.message));  // NOLINT: nobody has taken it
}

template <class Condition>
std::vector<Requests::OnReply> Requests::take_if(Condition condition) {
  std::vector<OnReply> taken;
  boost::unordered::erase_if(waiting_, [&](auto& entry) {
    if (!condition(entry.second)) return false;
    taken.push_back(std::move(entry.second.on_reply));
    return true;
  });
  return taken;
}

std::vector<Requests::OnReply> Requests::take(std::string_view subject) {
  return take_if(
      [&](const Waiting& waiting) { return subject.empty() || waiting.subject == subject; });
}

// One timer for all requests: a timer for each costs more than the request.
void Requests::sweep() {
  if (sweeping_ || waiting_.empty()) return;
  sweeping_ = true;
  sweeper_.expires_after(sweep_every);
  sweeper_.async_wait([weak = weak_from_this()](boost::system::error_code) {
    const auto self = weak.lock();
    if (!self) return;
    self->sweeping_ = false;
    const auto now = std::chrono::steady_clock::now();
    const auto late =
        self->take_if([now](const Waiting& waiting) { return waiting.deadline <= now; });
    for (const OnReply& on_reply : late) on_reply({.fate = Reply::Fate::timed_out});
    self->sweep();
  });
}

}  // namespace hangar
