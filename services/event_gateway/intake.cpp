#include "intake.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <optional>
#include <random>
#include <utility>

#include "hangar/version.hpp"
#include "prefect/present.hpp"

namespace asio = boost::asio;

namespace hangar::gateway {
namespace {

using namespace std::chrono_literals;

// Of what is no event, and of a text about it.
constexpr std::size_t longest_content = 8192;
constexpr std::size_t longest_text = 1024;
// Where their stream takes none, events have the rest of the publisher's room.
constexpr std::size_t most_letters = 64;

std::string random_name() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

/// As a header can hold it.
std::string header_text(std::string_view text) {
  std::string made{text.substr(0, longest_text)};
  for (char& c : made) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = ' ';
  }
  return made;
}

std::string event_counter_help() { return "Events that clients sent, by what became of them"; }

}  // namespace

Intake::Intake(asio::any_io_executor executor, const GatewayConfig& config, Publisher& publisher,
               Log& log, Metrics& metrics)
    : executor_{std::move(executor)},
      publisher_{publisher},
      log_{log},
      limits_{config.limits()},
      most_bytes_{static_cast<std::size_t>(config.maximum_size_bytes)},
      timeout_{config.publish_timeout},
      incarnation_{random_name()},
      letters_room_{executor_} {
  document_.look_for_nul(false);
  const auto counter = [&](const char* outcome) {
    return metrics.counter("hangar_gateway_events_total", event_counter_help(),
                           {{"outcome", outcome}});
  };
  stored_ = counter("stored");
  invalid_ = counter("invalid");
  oversize_ = counter("oversize");
}

prefect::PublishedEvent Intake::event(prefect::JsonValue value) {
  texts_.release();
  const Timestamp now = prefect::present();
  const prefect::FieldReader reader{texts_, now, storage_limits_};
  return prefect::published_event(reader, value, limits_, now);
}

asio::awaitable<void> Intake::take(std::string_view json, std::shared_ptr<Sender> sender) {
  const auto self = shared_from_this();
  prefect::PublishedEvent made;
  std::optional<DataError> invalid;
  try {
    made = event(parse(json));
  } catch (const DataError& error) {
    invalid = error;
  }
  if (invalid) {
    co_await reject(json, *invalid, std::move(sender));
  } else {
    co_await publish(std::move(made), std::move(sender));
  }
}

asio::awaitable<void> Intake::publish(prefect::PublishedEvent event,
                                      std::shared_ptr<Sender> sender) {
  const auto self = shared_from_this();
  const std::size_t size = event.body.size();
  if (size > most_bytes_) {
    oversize_(1);
    if (tells(told_oversize_)) {
      log_.warning("drops the event {} of {} bytes from {}: the most are {} (maximum_size_bytes)",
                   event.id, size, sender->peer(), most_bytes_);
    }
    co_return;
  }
  const std::uint64_t number = sender->begin();
  began();
  const auto answered = [self, sender, number](const std::exception_ptr& failed,
                                               const OutgoingMessage& message) {
    self->answered();
    if (failed) return self->refused(message.body(), failed, number, sender);
    self->stored_(1);
    sender->stored(number);
  };
  OutgoingMessage message{std::move(event.subject), std::move(event.body), std::move(event.id)};
  message.header("Prefect-Attributes", std::move(event.attributes));
  co_await publisher_.enqueue(std::move(message), answered);
}

void Intake::refused(std::string_view content, const std::exception_ptr& why, std::uint64_t number,
                     std::shared_ptr<Sender> sender) {
  try {
    std::rethrow_exception(why);
  } catch (const DataError& error) {
    invalid_(1);
    if (tells(told_invalid_)) {
      log_.warning("an event from {} is not taken, and is a dead letter of {} now: {}",
                   sender->peer(), invalid_stream, header_text(error.what()));
    }
    asio::co_spawn(
        executor_,
        [self = shared_from_this(), letter = letter_of(content, error), number,
         sender = std::move(sender)]() mutable -> asio::awaitable<void> {
          co_await self->store(std::move(letter), number, std::move(sender));
        },
        asio::detached);
  } catch (const std::exception&) {
    sender->failed();
  }
}

asio::awaitable<void> Intake::reject(std::string_view content, DataError why,
                                     std::shared_ptr<Sender> sender) {
  const auto self = shared_from_this();
  invalid_(1);
  if (tells(told_invalid_)) {
    log_.warning("what {} sent is no event, and is a dead letter of {} now: {}", sender->peer(),
                 invalid_stream, header_text(why.what()));
  }
  const std::uint64_t number = sender->begin();
  while (unanswered_letters_ >= most_letters) co_await letters_room_.wait();
  co_await store(letter_of(content, why), number, std::move(sender));
}

Intake::Letter Intake::letter_of(std::string_view content, const DataError& why) {
  Letter letter;
  letter.content = content.substr(0, longest_content);
  letter.size = content.size();
  letter.reason = why.reason();
  letter.error = why.what();
  letter.pointer = why.pointer();
  return letter;
}

asio::awaitable<void> Intake::store(Letter letter, std::uint64_t number,
                                    std::shared_ptr<Sender> sender) {
  const auto self = shared_from_this();
  ++unanswered_letters_;
  const bool cut = letter.size > letter.content.size();
  OutgoingMessage message{invalid_subject, std::move(letter.content),
                          fmt::format("{}:{}", incarnation_, ++letters_)};
  message.header("Hangar-Dlq-Service", "event_gateway")
      .header("Hangar-Dlq-Reason", header_text(letter.reason))
      .header("Hangar-Dlq-Error", header_text(letter.error))
      .header("Hangar-Dlq-Peer", sender->peer())
      .header("Hangar-Dlq-Host-Version", std::string{version});
  if (!letter.pointer.empty()) message.header("Hangar-Dlq-Pointer", header_text(letter.pointer));
  if (cut) message.header("Hangar-Dlq-Truncated", std::to_string(letter.size));
  const auto answered = [self, sender, number](const std::exception_ptr& failed,
                                               const OutgoingMessage&) {
    --self->unanswered_letters_;
    self->letters_room_.wake_all();
    if (failed) {
      sender->failed();
    } else {
      sender->stored(number);
    }
  };
  co_await publisher_.enqueue(std::move(message), answered);
}

void Intake::began() noexcept {
  if (unanswered_++ == 0) last_answer_ = Clock::now();
}

void Intake::answered() noexcept {
  --unanswered_;
  last_answer_ = Clock::now();
}

bool Intake::tells(Clock::time_point& last) noexcept {
  const auto now = Clock::now();
  if (last != Clock::time_point{} && now - last < 10s) return false;
  last = now;
  return true;
}

}  // namespace hangar::gateway
