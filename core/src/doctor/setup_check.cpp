#include "doctor/setup_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/value.hpp>
#include <chrono>
#include <limits>
#include <string_view>
#include <utility>

#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/stream_setup.hpp"
#include "text/json_member.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

using enum Check::Verdict;

constexpr std::int64_t largest_event = 2 << 20;
constexpr std::int64_t least_letters = 1 << 20;  // as nats.dlq_max_bytes

std::int64_t number(const json::object& object, std::string_view name, std::int64_t otherwise) {
  const json::value* value = object.if_contains(name);
  return value && value->is_int64() ? value->as_int64() : otherwise;
}

Check not_seen(std::string what, const std::string& why) {
  return {warn, std::move(what), why,
          "whether `hangar run` can make it was not seen: let this user try, or make it yourself"};
}

}  // namespace

AccountInfo to_account_info(const json::object& answer, std::int64_t replicas) {
  const json::object& tier = tier_of(answer, replicas);
  const json::object& limits = object_member(tier, "limits");
  return {.streams = number(tier, "streams", 0),
          .max_streams = number(limits, "max_streams", -1),
          .storage = number(tier, "storage", 0),
          .max_storage = number(limits, "max_storage", -1)};
}

std::vector<Check> check_account(const AccountInfo& account, std::int64_t more_streams) {
  const std::string what = "nats account";
  std::vector<Check> checks;
  if (account.max_streams > 0 && more_streams > 0 &&
      account.streams + more_streams > account.max_streams) {
    checks.push_back({fail, what,
                      fmt::format("it has {} of {} streams, and `hangar run` makes {} more",
                                  account.streams, account.max_streams, more_streams),
                      "remove a stream, or raise the account's max_streams"});
  }
  if (account.max_storage > 0) {
    const std::int64_t left = account.max_storage - account.storage;
    const bool full = left < std::min(largest_event, account.max_storage / 10);
    if (full || left < account.max_storage / 5) {
      checks.push_back(
          {full ? fail : warn, what,
           fmt::format("{} of the {} bytes that it may store are used: {}", account.storage,
                       account.max_storage,
                       full ? "events are refused" : "once they are, events are refused"),
           "raise its max_file in the server's configuration, or purge what is recorded with `nats "
           "stream purge`"});
    }
  }
  return checks;
}

Check check_absent_stream(const std::string& stream, const std::string& domain) {
  Check check{warn, "stream " + stream, "there is none",
              "start `hangar run`, which creates it: what is published before is lost"};
  if (!domain.empty()) {
    check.found += " in JetStream domain " + domain;
    check.hint += "; when it is in the domain of another server, set nats.domain";
  }
  return check;
}

asio::awaitable<Check> check_creation(Link& link, const NatsConfig& nats, std::string stream,
                                      std::string subject, const std::string& domain) {
  const std::string what = "stream " + stream;
  try {
    const std::string other = co_await stream_on(link, subject);
    if (!other.empty()) {
      co_return Check{fail, what,
                      fmt::format("there is none, and it cannot be made on {}: {}", subject,
                                  describe_overlap(other, subject)),
                      fmt::format("or set the service's stream to {}", other)};
    }
    StreamConfig wanted{stream, subject};
    wanted.replicas = nats.replicas;
    wanted.max_age = nats.max_age;
    const CreationTrial trial = co_await try_stream(link, std::move(wanted));
    if (trial.refusal.empty()) co_return check_absent_stream(stream, domain);
    co_return Check{fail, what,
                    fmt::format("there is none, and it cannot be made with {} replica(s): {}",
                                nats.replicas, trial.refusal),
                    "`hangar run` cannot begin before that is mended, or before somebody has made "
                    "the stream"};
  } catch (const DeniedError& error) {
    Check check = check_absent_stream(stream, domain);
    check.found += fmt::format("; {}", error.what());
    check.hint += "; whether it can was not seen: let this user try, or make it yourself";
    co_return check;
  }
}

asio::awaitable<Check> check_consumer_creation(Link& link, const StreamInfo& stream,
                                               const SourceOptions& source) {
  const std::string what = "consumer " + source.durable;
  const Check absent{warn, what, "there is none",
                     "start `hangar run`, which creates it and records all that is there"};
  // Elsewhere a consumer takes messages, or the only place, from those of the installation.
  if (stream.retention != "limits") co_return absent;
  try {
    ConsumerConfig wanted{source.durable, source.filter_subject};
    wanted.credit = credit_messages(source);
    wanted.start = StreamStart{};  // The server removes it when nobody is left to do so.
    const CreationTrial trial = co_await try_consumer(link, source.stream, std::move(wanted));
    if (!trial.refusal.empty()) {
      co_return Check{fail, what, "there is none, and it cannot be made: " + trial.refusal,
                      "`hangar run` cannot begin before that is mended"};
    }
  } catch (const DeniedError& error) {
    co_return not_seen(what, fmt::format("there is none; {}", error.what()));
  }
  co_return absent;
}

// By calls that do neither: the pull is no JSON, and a delivery of that number has never been, so
// that no event is taken from anybody.
asio::awaitable<std::vector<Check>> check_rights(Link& link, const SourceOptions& source) {
  struct Call {
    std::string subject;
    const char* body;
    const char* without_it;
  };
  constexpr std::chrono::seconds within{2};
  const std::array calls{
      Call{link.api(fmt::format("CONSUMER.MSG.NEXT.{}.{}", source.stream, source.durable)), "{",
           "without that no event comes"},
      Call{fmt::format("$JS.ACK.{}.{}.1.{}.0.0.0", source.stream, source.durable,
                       std::numeric_limits<std::int64_t>::max()),
           "+WPI", "without that nothing is acked, and every event comes again and again"}};
  std::vector<Check> checks;
  for (const Call& call : calls) {
    const Link::Reply reply = co_await link.request(call.subject, call.body, {}, within);
    if (reply.fate != Link::Reply::Fate::denied) continue;
    checks.push_back({fail, "consumer " + source.durable, reply.why, call.without_it});
  }
  co_return checks;
}

asio::awaitable<Check> check_dead_letter_creation(Link& link, const NatsConfig& nats) {
  const std::string what = "dead letters";
  StreamConfig wanted = dead_letter_config(nats);
  try {
    const std::string other = co_await stream_on(link, wanted.subject);
    if (!other.empty()) {
      co_return Check{
          fail, what,
          fmt::format("there is no stream for them, and none can be made on {}", wanted.subject),
          describe_overlap(other, wanted.subject)};
    }
    // Not that one itself: a host that starts meanwhile may put letters into it.
    const CreationTrial trial = co_await try_stream(link, wanted);
    if (trial.refusal.empty()) {
      co_return Check{ok, what, "none, and no stream for them yet", {}};
    }
    std::string found = fmt::format(
        "there is no stream for them, and one of {} bytes with {} replica(s) cannot be "
        "made: {}",
        wanted.max_bytes, wanted.replicas, trial.refusal);
    std::string hint = "without that stream what cannot be recorded waits";
    if (trial.of_size) {
      wanted.max_bytes = least_letters;
      const CreationTrial smallest = co_await try_stream(link, wanted);
      if (smallest.refusal.empty()) {
        hint = "set nats.dlq_max_bytes to what the server has room for: " + hint;
      }
    }
    co_return Check{fail, what, std::move(found), std::move(hint)};
  } catch (const DeniedError& error) {
    co_return not_seen(what, error.what());
  }
}

}  // namespace hangar
