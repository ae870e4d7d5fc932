// How a PullSession sends the answers of its messages.
#include <boost/asio/post.hpp>
#include <utility>

#include "source/pull_session.hpp"

namespace asio = boost::asio;

namespace hangar {

void PullSession::unbind() noexcept {
  verified_ = false;
  held_->outbox().shut();
}

// The answers of a whole batch leave together.
void PullSession::flush(AckOutbox::Flush when) {
  if (when == AckOutbox::Flush::now) return send_answers();
  asio::post(executor_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->flush();
  });
}

void PullSession::send_answers() {
  std::vector<Outgoing> items = held_->outbox().take();
  // When it is not sent, the link is down and will say so.
  if (!items.empty() && !link_->send(items)) held_->outbox().put_back(items);
}

void PullSession::flush() {
  send_answers();
  pump();
}

}  // namespace hangar
