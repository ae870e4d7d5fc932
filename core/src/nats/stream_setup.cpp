#include "nats/stream_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

#include "hangar/error.hpp"
#include "nats/jetstream.hpp"
#include "nats/utc.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds ack_wait = 30s;
// After a process that was killed, or while a database is restarted.
constexpr std::chrono::nanoseconds unused_for = 10min;
// Enough for several replicas and for messages that nobody could record yet.
constexpr std::size_t least_max_ack_pending = 20'000;

json::object stream_config(const StreamSpec& spec) {
  return {{"name", spec.name},
          {"subjects", json::array{json::string{spec.subject}}},
          {"retention", "limits"},
          {"storage", "file"},
          {"discard", "new"},
          {"max_age", spec.max_age.count()},
          {"duplicate_window", spec.duplicate_window.count()},
          {"num_replicas", spec.replicas},
          {"max_consumers", -1},
          {"max_msgs", -1},
          {"max_bytes", spec.max_bytes},
          {"max_msgs_per_subject", -1},
          {"max_msg_size", -1}};
}

json::object consumer_config(const std::string& stream, const ConsumerSpec& spec) {
  json::object config{{"durable_name", spec.durable},
                      {"deliver_policy", "all"},
                      {"ack_policy", "explicit"},
                      {"ack_wait", ack_wait.count()},
                      {"max_deliver", -1},
                      {"max_ack_pending", std::max(least_max_ack_pending, spec.credit * 2)},
                      {"replay_policy", "instant"}};
  if (!spec.filter.empty()) config["filter_subject"] = spec.filter;
  if (spec.start) {
    config["inactive_threshold"] = unused_for.count();
    if (spec.start->since) {
      config["deliver_policy"] = "by_start_time";
      config["opt_start_time"] = utc_text(*spec.start->since);
    } else {
      config["deliver_policy"] = "by_start_sequence";
      config["opt_start_seq"] = spec.start->sequence;
    }
  }
  return {{"stream_name", stream}, {"config", std::move(config)}};
}

}  // namespace

std::string describe_creation(const std::string& stream, const std::string& server,
                              const std::string& domain) {
  return fmt::format(
      "stream {} was not there and is created, empty, at {}{}: if there is one elsewhere, correct "
      "nats.url or set nats.domain",
      stream, server, domain.empty() ? "" : fmt::format(" in JetStream domain {}", domain));
}

asio::awaitable<StreamFacts> ensure_stream(Link& link, StreamSpec spec, WhenAbsent when_absent) {
  check_jetstream_name(spec.name, "stream");
  JetStreamAnswer answer = co_await call_jetstream(link, "STREAM.INFO." + spec.name);
  if (answer.not_found()) {
    if (when_absent == WhenAbsent::fail) throw AbsentError{"there is no stream " + spec.name};
    // A window longer than the stream keeps anything would be refused.
    if (spec.max_age > 0ns) spec.duplicate_window = std::min(spec.duplicate_window, spec.max_age);
    answer = co_await call_jetstream(link, "STREAM.CREATE." + spec.name, stream_config(spec));
    if (answer.error_code == jetstream_error::stream_name_in_use) {  // another replica was faster
      answer = co_await call_jetstream(link, "STREAM.INFO." + spec.name);
    } else if (answer.ok()) {
      const std::string domain = co_await jetstream_domain(link);
      link.log().warning("{}", describe_creation(spec.name, link.server(), domain));
    }
  }
  if (!answer.ok()) {
    throw_jetstream_error(answer, fmt::format("stream {} on {}, {} replica(s)", spec.name,
                                              spec.subject, spec.replicas));
  }
  co_return stream_facts(answer.body);
}

asio::awaitable<ConsumerFacts> ensure_consumer(Link& link, std::string stream, ConsumerSpec spec,
                                               WhenAbsent when_absent) {
  check_jetstream_name(spec.durable, "durable");
  const std::string at = fmt::format("{}.{}", stream, spec.durable);
  JetStreamAnswer answer = co_await call_jetstream(link, "CONSUMER.INFO." + at);
  if (answer.not_found()) {
    if (when_absent == WhenAbsent::fail) {
      throw AbsentError{fmt::format("stream {} has no consumer {}", stream, spec.durable)};
    }
    // The form of the call that servers before 2.9 know too.
    answer = co_await call_jetstream(link, "CONSUMER.DURABLE.CREATE." + at,
                                     consumer_config(stream, spec));
  }
  if (!answer.ok()) {
    throw_jetstream_error(answer, fmt::format("consumer {} of stream {}", spec.durable, stream));
  }
  co_return consumer_facts(answer.body);
}

asio::awaitable<void> delete_consumer(Link& link, std::string stream, std::string durable) {
  const JetStreamAnswer answer =
      co_await call_jetstream(link, fmt::format("CONSUMER.DELETE.{}.{}", stream, durable));
  if (!answer.ok() && !answer.not_found()) {
    throw_jetstream_error(answer, fmt::format("consumer {} of stream {}", durable, stream));
  }
}

asio::awaitable<StreamFacts> ensure_dead_letter_stream(Link& link, std::int64_t replicas,
                                                       WhenAbsent when_absent) {
  StreamSpec spec{.name = dead_letter_stream,
                  .subject = "hangar.dlq.>",
                  .replicas = replicas,
                  .max_age = 0ns,
                  .duplicate_window = 24h,
                  .max_bytes = dead_letter_bytes};
  co_return co_await ensure_stream(link, std::move(spec), when_absent);
}

asio::awaitable<StreamFacts> stream_info(Link& link, std::string stream) {
  const JetStreamAnswer answer = co_await call_jetstream(link, "STREAM.INFO." + stream);
  if (!answer.ok()) throw_jetstream_error(answer, fmt::format("stream {}", stream));
  co_return stream_facts(answer.body);
}

asio::awaitable<std::uint64_t> stored_after(Link& link, std::string stream, std::uint64_t sequence,
                                            std::string filter) {
  json::object next{{"seq", sequence + 1}, {"next_by_subj", filter.empty() ? ">" : filter}};
  const JetStreamAnswer answer =
      co_await call_jetstream(link, "STREAM.MSG.GET." + stream, std::move(next));
  if (!answer.ok()) co_return 0;
  co_return stored_seconds(answer.body);
}

asio::awaitable<ConsumerFacts> consumer_info(Link& link, std::string stream, std::string durable) {
  const JetStreamAnswer answer =
      co_await call_jetstream(link, fmt::format("CONSUMER.INFO.{}.{}", stream, durable));
  if (!answer.ok()) {
    throw_jetstream_error(answer, fmt::format("consumer {} of stream {}", durable, stream));
  }
  co_return consumer_facts(answer.body);
}

}  // namespace hangar
