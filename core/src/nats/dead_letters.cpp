#include "nats/dead_letters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "hangar/error.hpp"
#include "nats/ack_subject.hpp"
#include "nats/blocking.hpp"
#include "nats/jetstream.hpp"
#include "nats/link.hpp"
#include "nats/stream_setup.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_a_pull = 256;

/// What came for one listing.
struct Listing {
  std::vector<DeadLetter> letters;
  std::size_t came = 0;
  bool ended = false;  ///< The server has no more for this pull.
};

void take(Listing& listing, std::vector<WireMessage>& messages) {
  for (const WireMessage& message : messages) {
    const auto ack = parse_ack_subject(reply_of(*message));
    if (!ack) {
      listing.ended = true;
      continue;
    }
    ++listing.came;
    DeadLetter letter = read_dead_letter(*message);
    letter.dead_letter_sequence = ack->stream_sequence;
    listing.letters.push_back(std::move(letter));
  }
}

asio::awaitable<std::string> make_consumer(Link& link, const DeadLetterQuery& query) {
  json::object config{
      {"ack_policy", "none"},
      {"deliver_policy", "all"},
      {"filter_subject", dead_letter_subject(query.service.empty() ? ">" : query.service)},
      {"headers_only", true},
      {"mem_storage", true},
      {"inactive_threshold", std::chrono::nanoseconds{30s}.count()}};
  json::object request{{"stream_name", dead_letter_stream}, {"config", std::move(config)}};
  const JetStreamAnswer made = co_await call_jetstream(
      link, fmt::format("CONSUMER.CREATE.{}", dead_letter_stream), std::move(request));
  if (made.not_found()) co_return std::string{};
  if (!made.ok()) throw_jetstream_error(made, fmt::format("stream {}", dead_letter_stream));
  co_return std::string{made.body.at("name").as_string()};
}

asio::awaitable<std::vector<DeadLetter>> list(Link& link, Listing& listing,
                                              const DeadLetterQuery& query, Waiters& changed) {
  const bool connected = co_await link.wait_connected(Clock::now() + query.patience);
  if (!connected) {
    throw TransientError{fmt::format("NATS cannot be reached: {}", link.last_trouble()),
                         TransientError::Retry::reconnect};
  }
  const std::string consumer = co_await make_consumer(link, query);
  for (std::uint64_t pull = 1; !consumer.empty() && listing.letters.size() < query.limit; ++pull) {
    const std::size_t wanted = std::min(most_a_pull, query.limit - listing.letters.size());
    listing.came = 0;
    listing.ended = false;
    std::vector<Outgoing> items;
    items.emplace_back(make_message(
        fmt::format("$JS.API.CONSUMER.MSG.NEXT.{}.{}", dead_letter_stream, consumer),
        link.pull_inbox(pull), fmt::format(R"({{"batch":{},"no_wait":true}})", wanted)));
    const bool sent = link.send(items);
    const auto deadline = Clock::now() + query.patience;
    while (sent && listing.came < wanted && !listing.ended && Clock::now() < deadline) {
      co_await changed.wait_until(deadline);
    }
    if (listing.ended) break;
    if (listing.came < wanted) {
      throw TransientError{"NATS: the dead-letter stream does not answer",
                           TransientError::Retry::reconnect};
    }
  }
  if (!consumer.empty()) {
    co_await call_jetstream(link,
                            fmt::format("CONSUMER.DELETE.{}.{}", dead_letter_stream, consumer));
  }
  co_return std::move(listing.letters);
}

}  // namespace

std::vector<DeadLetter> list_dead_letters(const HostConfig::Nats& nats,
                                          const DeadLetterQuery& query, Log& log) {
  Listing listing;
  std::unique_ptr<Waiters> changed;
  Link::Handlers handlers;
  handlers.pulled = [&](std::vector<WireMessage>& messages) {
    take(listing, messages);
    if (changed) changed->wake_all();
  };
  return run_with_link<std::vector<DeadLetter>>(
      nats, "hangar dlq", log, std::move(handlers),
      [&](const std::shared_ptr<Link>& link,
          const asio::any_io_executor& executor) -> asio::awaitable<std::vector<DeadLetter>> {
        changed = std::make_unique<Waiters>(executor);
        co_return co_await list(*link, listing, query, *changed);
      });
}

}  // namespace hangar
