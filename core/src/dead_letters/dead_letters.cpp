#include "dead_letters/dead_letters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>

#include "dead_letters/force_mark.hpp"
#include "hangar/error.hpp"
#include "jetstream/ack_subject.hpp"
#include "jetstream/denied_error.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/stream_setup.hpp"
#include "nats/blocking.hpp"
#include "text/base64.hpp"
#include "text/json_member.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_a_pull = 256;

json::object consumer_config(const DeadLetterFilter& filter) {
  return {{"ack_policy", "none"},
          {"deliver_policy", "all"},
          {"filter_subject", dead_letter_subject(filter.service.empty() ? ">" : filter.service)},
          {"headers_only", true},
          {"mem_storage", true},
          {"inactive_threshold", std::chrono::nanoseconds{30s}.count()}};
}

std::string named(const StoredLetter& stored) {
  return fmt::format("letter {} (event {} of stream {})", stored.letter.dead_letter_sequence,
                     stored.letter.sequence, stored.letter.stream);
}

}  // namespace

// What waits on a context must be gone before it: a body ends before its context does.
struct DeadLetters::Lease {
  Lease(DeadLetters& to, const std::shared_ptr<Link>& link, const asio::any_io_executor& executor)
      : letters{to} {
    letters.link_ = link;
    letters.changed_ = std::make_unique<Condition>(executor);
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    letters.changed_.reset();
    letters.link_.reset();
  }

  DeadLetters& letters;
};

void DeadLetters::run(const NatsConfig& nats, Log& log, const Work& work,
                      std::chrono::milliseconds patience) {
  DeadLetters letters{patience};
  Link::Handlers handlers;
  handlers.pulled = [&](std::vector<WireMessage>& messages) { letters.pulled(messages); };
  handlers.denied = [&](const std::string& subject, const std::string& why) {
    letters.denied(subject, why);
  };
  // A coroutine cannot return void here: the result has to be kept.
  run_with_link<bool>(
      nats, "hangar dlq", log, std::move(handlers),
      [&](const std::shared_ptr<Link>& link,
          const asio::any_io_executor& executor) -> asio::awaitable<bool> {
        const Lease lease{letters, link, executor};
        const bool connected = co_await link->wait_connected(Clock::now() + patience);
        if (!connected) {
          throw TransientError{fmt::format("NATS cannot be reached: {}", link->last_trouble()),
                               TransientError::Retry::reconnect};
        }
        co_await work(letters);
        co_return true;
      });
}

void DeadLetters::pulled(std::vector<WireMessage>& messages) {
  for (const WireMessage& message : messages) {
    const auto ack = parse_ack_subject(reply_of(*message));
    if (!ack) {
      came_.ended = true;
      continue;
    }
    DeadLetter letter = read_dead_letter(headers_of(*message), body_of(*message).size());
    letter.dead_letter_sequence = ack->stream_sequence;
    letter.stored = ack->stored;
    came_.last = ack->stream_sequence;
    came_.letters.push_back(std::move(letter));
  }
  if (changed_) changed_->wake_all();
}

void DeadLetters::denied(const std::string& subject, const std::string& why) {
  if (subject == pulling_) came_.denied = why;
  if (changed_) changed_->wake_all();
}

asio::awaitable<void> DeadLetters::pull(std::string consumer, std::uint64_t number) {
  came_ = {};
  pulling_ = link_->api(fmt::format("CONSUMER.MSG.NEXT.{}.{}", dead_letter_stream, consumer));
  std::vector<Outgoing> items;
  items.emplace_back(make_message(pulling_, link_->pull_inbox(number),
                                  fmt::format(R"({{"batch":{},"no_wait":true}})", most_a_pull)));
  const bool sent = link_->send(items);
  const auto deadline = Clock::now() + patience_;
  while (sent && came_.letters.size() < most_a_pull && !came_.ended && came_.denied.empty() &&
         Clock::now() < deadline) {
    co_await changed_->wait_until(deadline);
  }
  if (!came_.denied.empty()) throw DeniedError{came_.denied};
  if (came_.letters.size() < most_a_pull && !came_.ended) {
    throw TransientError{"NATS: the dead-letter stream does not answer",
                         TransientError::Retry::reconnect};
  }
}

asio::awaitable<std::uint64_t> DeadLetters::look() {
  const JetStreamAnswer info =
      co_await call_jetstream(*link_, fmt::format("STREAM.INFO.{}", dead_letter_stream));
  if (info.not_found()) co_return 0;
  if (!info.ok())
    throw_jetstream_error(info, fmt::format("stream {}", dead_letter_stream), dead_letter_stream);
  const StreamInfo stream = to_stream_info(info.body);
  created_ = stream.created;
  co_return stream.last_sequence;
}

asio::awaitable<void> DeadLetters::each(DeadLetterFilter filter,
                                        std::function<void(DeadLetter)> take) {
  const std::uint64_t last = co_await look();
  if (last == 0) co_return;
  json::object request{{"stream_name", dead_letter_stream}, {"config", consumer_config(filter)}};
  const JetStreamAnswer made = co_await call_jetstream(
      *link_, fmt::format("CONSUMER.CREATE.{}", dead_letter_stream), std::move(request));
  if (!made.ok())
    throw_jetstream_error(made, fmt::format("stream {}", dead_letter_stream), dead_letter_stream);
  const std::string consumer = text_member(made.body, "name");
  std::size_t taken = 0;
  for (std::uint64_t number = 1; taken < filter.limit; ++number) {
    co_await pull(consumer, number);
    for (DeadLetter& letter : came_.letters) {
      if (letter.dead_letter_sequence > last || taken == filter.limit) break;
      if (letter.stream.empty() || !selects(filter, letter)) continue;  // a mark is no letter
      ++taken;
      take(std::move(letter));
    }
    if (came_.ended || came_.last >= last) break;
  }
  try {
    co_await delete_consumer(*link_, dead_letter_stream, consumer);
  } catch (const DeniedError&) {
    // The log names the subject, and the server deletes it itself after half a minute.
    co_return;
  }
}

asio::awaitable<std::optional<std::pair<Headers, std::string>>> DeadLetters::message(
    std::string stream, std::uint64_t sequence) {
  json::object request{{"seq", sequence}};
  const JetStreamAnswer answer =
      co_await call_jetstream(*link_, "STREAM.MSG.GET." + stream, std::move(request));
  if (answer.not_found()) co_return std::nullopt;
  if (!answer.ok()) throw_jetstream_error(answer, fmt::format("stream {}", stream), stream);
  const json::object& found = answer.body.at("message").as_object();
  co_return std::pair{parse_headers(decode_base64(text_member(found, "hdrs"))),
                      decode_base64(text_member(found, "data"))};
}

asio::awaitable<std::optional<StoredLetter>> DeadLetters::read(std::uint64_t sequence) {
  auto found = co_await message(dead_letter_stream, sequence);
  if (!found) co_return std::nullopt;
  StoredLetter stored;
  stored.letter = read_dead_letter(found->first, found->second.size());
  stored.letter.dead_letter_sequence = sequence;
  stored.original = original_headers(found->first);
  stored.body = std::move(found->second);
  if (stored.letter.incomplete) co_await complete(stored);
  co_return stored;
}

// A letter that had no room for all of the event stands for what is still in the event's stream.
asio::awaitable<void> DeadLetters::complete(StoredLetter& stored) {
  DeadLetter& letter = stored.letter;
  auto found = co_await message(letter.stream, letter.sequence);
  const bool same =
      found && found->second.size() == letter.size && found->second.starts_with(stored.body);
  if (!same) co_return;
  stored.original = std::move(found->first);
  stored.body = std::move(found->second);
  letter.incomplete = false;
}

asio::awaitable<void> DeadLetters::publish(const StoredLetter& stored) {
  const DeadLetter& letter = stored.letter;
  Headers headers = republished_headers(stored.original);
  headers.emplace_back("Nats-Msg-Id", replay_id(created_, letter.dead_letter_sequence));
  headers.emplace_back("Nats-Expected-Stream", letter.stream);
  const std::size_t size = wire_size(headers) + stored.body.size();
  if (size > link_->max_payload()) {
    throw Error{fmt::format("{}: {} bytes, and the server takes {}: raise max_payload there",
                            named(stored), size, link_->max_payload())};
  }
  const Link::Reply reply =
      co_await link_->request(letter.subject, stored.body, std::move(headers));
  switch (reply.fate) {
    case Link::Reply::Fate::denied:
      throw DeniedError{fmt::format("{}: {}", named(stored), reply.why)};
    case Link::Reply::Fate::disconnected:
    case Link::Reply::Fate::timed_out:
      throw TransientError{fmt::format("NATS: nobody confirmed {}: {}", named(stored),
                                       link_->last_trouble().empty() ? "the connection was lost"
                                                                     : link_->last_trouble()),
                           TransientError::Retry::reconnect};
    case Link::Reply::Fate::no_responders:
      throw Error{fmt::format("{}: no stream listens on `{}` any more: create {} again",
                              named(stored), letter.subject, letter.stream)};
    case Link::Reply::Fate::answered:
      break;
  }
  const JetStreamAnswer answer = read_jetstream_answer(*link_, reply);
  if (!pub_ack(answer)) {
    throw Error{fmt::format("{}: the stream refused it: {}", named(stored),
                            refusal_text(answer, letter.stream))};
  }
}

asio::awaitable<void> DeadLetters::replay(StoredLetter stored) {
  if (created_.empty()) co_await look();
  if (stored.body.size() != stored.letter.size) {
    throw Error{
        fmt::format("{}: it holds {} of {} bytes, and the event is no longer in its stream: "
                    "`hangar dlq export` what there is, then purge it",
                    named(stored), stored.body.size(), stored.letter.size)};
  }
  co_await publish(stored);
  co_await remove(stored.letter.dead_letter_sequence);
}

asio::awaitable<void> DeadLetters::force(std::string service) {
  co_await store_force_mark(*link_, std::move(service), std::chrono::system_clock::now());
}

asio::awaitable<void> DeadLetters::remove(std::uint64_t sequence) {
  json::object request{{"seq", sequence}, {"no_erase", true}};
  const JetStreamAnswer answer = co_await call_jetstream(
      *link_, fmt::format("STREAM.MSG.DELETE.{}", dead_letter_stream), std::move(request));
  if (answer.ok()) co_return;
  const auto still_there = co_await message(dead_letter_stream, sequence);
  if (still_there)
    throw_jetstream_error(answer, fmt::format("stream {}", dead_letter_stream), dead_letter_stream);
}

}  // namespace hangar
