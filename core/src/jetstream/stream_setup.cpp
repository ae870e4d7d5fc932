#include "jetstream/stream_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>
#include <utility>

#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"
#include "jetstream/jetstream.hpp"
#include "nats/subjects.hpp"
#include "text/json_member.hpp"
#include "text/utc.hpp"

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

json::object stream_config(const StreamConfig& wanted) {
  return {{"name", wanted.name},
          {"subjects", json::array{json::string{wanted.subject}}},
          {"retention", "limits"},
          {"storage", "file"},
          {"discard", wanted.drops_oldest ? "old" : "new"},
          {"max_age", wanted.max_age.count()},
          {"duplicate_window", wanted.duplicate_window.count()},
          {"num_replicas", wanted.replicas},
          {"max_consumers", -1},
          {"max_msgs", -1},
          {"max_bytes", wanted.max_bytes},
          {"max_msgs_per_subject", wanted.max_messages_per_subject},
          {"max_msg_size", -1}};
}

json::object consumer_config(const std::string& stream, const ConsumerConfig& wanted) {
  json::object config{{"durable_name", wanted.durable},
                      {"deliver_policy", "all"},
                      {"ack_policy", "explicit"},
                      {"ack_wait", ack_wait.count()},
                      {"max_deliver", -1},
                      {"max_ack_pending", std::max(least_max_ack_pending, wanted.credit * 2)},
                      {"replay_policy", "instant"}};
  if (!wanted.filter.empty()) config["filter_subject"] = wanted.filter;
  if (wanted.start) {
    config["inactive_threshold"] = unused_for.count();
    if (wanted.start->since) {
      config["deliver_policy"] = "by_start_time";
      config["opt_start_time"] = utc_text(*wanted.start->since);
    } else {
      config["deliver_policy"] = "by_start_sequence";
      config["opt_start_seq"] = wanted.start->sequence;
    }
  }
  return {{"stream_name", stream}, {"config", std::move(config)}};
}

// The most bytes that the account gives one stream: half of what it has left, where it names no
// number. A stream of that size leaves the other half to the dead letters.
asio::awaitable<std::int64_t> bytes_for_a_stream(Link& link, std::int64_t replicas) {
  json::object answer;
  try {
    answer = (co_await call_jetstream(link, "INFO")).body;
  } catch (const TransientError&) {
    co_return 0;  // this user need not be allowed to see it
  }
  const json::object& account = tier_of(answer, replicas);
  const json::object& limits = object_member(account, "limits");
  const std::int64_t most = integer_member(limits, "storage_max_stream_bytes");
  const std::int64_t all = integer_member(limits, "max_storage");
  const std::int64_t taken =
      std::max(integer_member(account, "storage"), integer_member(account, "reserved_storage"));
  const std::int64_t half = all > 0 ? std::max<std::int64_t>((all - taken) / 2, 0) : 0;
  if (most <= 0 || half <= 0) co_return std::max(most, half);
  co_return std::min(most, half);
}

// Takes the limit that the server names into what is asked for; false when it names none.
asio::awaitable<bool> fit_to_limit(Link& link, const JetStreamAnswer& refusal,
                                   StreamConfig& wanted) {
  switch (refusal.error_code) {
    case jetstream_error::bad_configuration: {
      const auto window = time_limit_in(refusal.description);
      if (!window || *window >= wanted.duplicate_window) co_return false;
      wanted.duplicate_window = *window;
      co_return true;
    }
    case jetstream_error::account_resources_exceeded:
    case jetstream_error::insufficient_storage:
      if (wanted.max_bytes <= 0) co_return false;
      [[fallthrough]];
    case jetstream_error::max_bytes_required:
    case jetstream_error::max_stream_bytes_exceeded: {
      const std::int64_t bytes = co_await bytes_for_a_stream(link, wanted.replicas);
      if (bytes <= 0 || (wanted.max_bytes > 0 && bytes >= wanted.max_bytes)) co_return false;
      wanted.max_bytes = bytes;
      co_return true;
    }
    default:
      co_return false;
  }
}

struct Made {
  JetStreamAnswer answer;
  std::string other;  ///< The stream that has the subjects.
};

// Returns what the server said of the stream; throws when nobody answers, or AbsentError.
asio::awaitable<Made> make_stream(Link& link, StreamConfig& wanted, WhenAbsent when_absent) {
  Made made;
  made.answer = co_await call_jetstream(link, "STREAM.INFO." + wanted.name);
  if (!made.answer.not_found()) co_return made;
  if (when_absent == WhenAbsent::fail) throw AbsentError{"there is no stream " + wanted.name};
  // A window longer than the stream keeps anything would be refused.
  if (wanted.max_age > 0ns)
    wanted.duplicate_window = std::min(wanted.duplicate_window, wanted.max_age);
  // Each limit at most once, and no more.
  for (int tries = 0; tries < 4; ++tries) {
    made.answer =
        co_await call_jetstream(link, "STREAM.CREATE." + wanted.name, stream_config(wanted));
    if (made.answer.ok()) {
      if (link.embedded()) {
        link.log().info("stream {} is created in the embedded nats-server", wanted.name);
        co_return made;
      }
      const std::string domain = co_await jetstream_domain(link);
      link.log().warning("{}", describe_creation(wanted.name, link.server(), domain));
      co_return made;
    }
    const bool again = co_await fit_to_limit(link, made.answer, wanted);
    if (!again) break;
  }
  if (made.answer.error_code == jetstream_error::stream_name_in_use) {
    // Another replica was faster.
    made.answer = co_await call_jetstream(link, "STREAM.INFO." + wanted.name);
  } else if (made.answer.error_code == jetstream_error::subjects_overlap) {
    try {
      made.other = co_await stream_on(link, wanted.subject);
    } catch (const TransientError&) {
      made.other.clear();  // nor to see that
    }
  }
  co_return made;
}

// A stream as the server describes it, with what the streams store that it is fed by: those that
// this user may not look at may store anything. Such a call says nothing of the server's health.
asio::awaitable<StreamInfo> with_origins(Link& link, json::object answer, int generations) {
  constexpr std::size_t most_origins = 16;
  constexpr auto within = 2s;
  StreamInfo info = to_stream_info(answer);
  if (generations == 0 || info.origins.size() > most_origins) co_return info;
  StoredSubjects known;
  for (const std::string& origin : info.origins) {
    const Link::Reply reply =
        co_await link.request(link.api("STREAM.INFO." + origin), {}, {}, within);
    if (reply.fate != Link::Reply::Fate::answered) continue;
    JetStreamAnswer told = read_jetstream_answer(link, reply);
    if (!told.ok()) continue;
    StreamInfo stream = co_await with_origins(link, std::move(told.body), generations - 1);
    if (!stream.stored_subjects.empty()) known[origin] = std::move(stream.stored_subjects);
  }
  co_return to_stream_info(answer, known);
}

std::string asked_for(const StreamConfig& wanted) {
  const std::string size = wanted.max_bytes > 0 ? fmt::format(", {} bytes", wanted.max_bytes) : "";
  return fmt::format("stream {} on {}, {} replica(s){}", wanted.name, wanted.subject,
                     wanted.replicas, size);
}

std::string doing(const StreamConfig& wanted, const Made& made) {
  if (made.other.empty()) return asked_for(wanted);
  return fmt::format("{}: {}", asked_for(wanted), describe_overlap(made.other, wanted.subject));
}

std::string letters_refused(const StreamConfig& wanted, const Made& made) {
  return fmt::format("{}: {}{}", doing(wanted, made), refusal_text(made.answer, wanted.name),
                     refused_for_size(made.answer) ? "; its size is nats.dlq_max_bytes" : "");
}

}  // namespace

std::string describe_overlap(const std::string& other, const std::string& subject) {
  return fmt::format(
      "stream {0} takes these subjects already: `nats stream edit {0} --subjects=…` with none that "
      "{1} matches takes them from it",
      other, subject);
}

std::string describe_creation(const std::string& stream, const std::string& server,
                              const std::string& domain) {
  return fmt::format(
      "stream {} was not there and is created, empty, at {}{}: if there is one elsewhere, correct "
      "nats.url or set nats.domain",
      stream, server, domain.empty() ? "" : fmt::format(" in JetStream domain {}", domain));
}

asio::awaitable<StreamInfo> ensure_stream(Link& link, StreamConfig wanted, WhenAbsent when_absent) {
  constexpr int generations = 3;
  check_jetstream_name(wanted.name, "stream");
  Made made = co_await make_stream(link, wanted, when_absent);
  if (!made.answer.ok()) throw_jetstream_error(made.answer, doing(wanted, made), wanted.name);
  co_return co_await with_origins(link, std::move(made.answer.body), generations);
}

asio::awaitable<CreationTrial> try_stream(Link& link, StreamConfig wanted) {
  const std::string remove = "STREAM.DELETE." + std::string{trial_name};
  co_await call_jetstream(link, remove);  // of one that was killed
  wanted.name = wanted.subject = trial_name;
  const Made made = co_await make_stream(link, wanted, WhenAbsent::create);
  CreationTrial trial;
  if (made.answer.ok()) {
    co_await call_jetstream(link, remove);
  } else {
    trial.refusal = refusal_text(made.answer, wanted.name);
    trial.of_size = refused_for_size(made.answer);
  }
  co_return trial;
}

asio::awaitable<CreationTrial> try_consumer(Link& link, std::string stream, ConsumerConfig wanted) {
  co_await delete_consumer(link, stream, trial_name);  // of one that was killed
  wanted.durable = trial_name;
  CreationTrial trial;
  try {
    trial.created =
        (co_await ensure_consumer(link, stream, std::move(wanted), WhenAbsent::create)).created;
  } catch (const DeniedError&) {
    throw;
  } catch (const Error& error) {
    trial.refusal = error.what();
  }
  if (trial.refusal.empty()) co_await delete_consumer(link, stream, trial_name);
  co_return trial;
}

asio::awaitable<ConsumerInfo> ensure_consumer(Link& link, std::string stream, ConsumerConfig wanted,
                                              WhenAbsent when_absent) {
  check_jetstream_name(wanted.durable, "durable");
  const std::string at = fmt::format("{}.{}", stream, wanted.durable);
  JetStreamAnswer answer = co_await call_jetstream(link, "CONSUMER.INFO." + at);
  if (answer.not_found()) {
    if (when_absent == WhenAbsent::fail) {
      throw AbsentError{fmt::format("stream {} has no consumer {}", stream, wanted.durable)};
    }
    // The form of the call that servers before 2.9 know too.
    const std::string create = "CONSUMER.DURABLE.CREATE." + at;
    json::object request = consumer_config(stream, wanted);
    answer = co_await call_jetstream(link, create, request);
    const auto most = limit_in(answer.description);
    if (answer.error_code == jetstream_error::max_ack_pending_exceeded && most) {
      request.at("config").as_object()["max_ack_pending"] = *most;
      answer = co_await call_jetstream(link, create, std::move(request));
    }
  }
  if (!answer.ok()) {
    throw_jetstream_error(answer, fmt::format("consumer {} of stream {}", wanted.durable, stream),
                          stream);
  }
  co_return to_consumer_info(answer.body);
}

asio::awaitable<std::string> stream_on(Link& link, std::string subject) {
  json::object request{{"subject", std::move(subject)}};
  const JetStreamAnswer answer = co_await call_jetstream(link, "STREAM.NAMES", std::move(request));
  const json::value* names = answer.body.if_contains("streams");
  const bool any = names && names->is_array() && !names->as_array().empty();
  co_return any ? json::value_to<std::string>(names->as_array().front()) : std::string{};
}

asio::awaitable<void> delete_consumer(Link& link, std::string stream, std::string durable) {
  const JetStreamAnswer answer =
      co_await call_jetstream(link, fmt::format("CONSUMER.DELETE.{}.{}", stream, durable));
  if (!answer.ok() && !answer.not_found()) {
    throw_jetstream_error(answer, fmt::format("consumer {} of stream {}", durable, stream), stream);
  }
}

StreamConfig dead_letter_config(const NatsConfig& nats) {
  StreamConfig wanted{std::string{dead_letter_stream}, "hangar.dlq.>"};
  wanted.replicas = nats.replicas;
  wanted.duplicate_window = 24h;
  wanted.max_bytes = static_cast<std::int64_t>(nats.dlq_max_bytes.value);
  return wanted;
}

std::string dead_letter_refusal(const StreamInfo& stream, std::uint64_t max_payload) {
  const std::string refused = refusals(lint_dead_letters(stream, max_payload));
  if (refused.empty()) return {};
  return fmt::format("stream {} must not be used for dead letters: {}", stream.name, refused);
}

asio::awaitable<DeadLetterStream> ensure_dead_letter_stream(Link& link, StreamConfig wanted,
                                                            WhenAbsent when_absent) {
  DeadLetterStream stream;
  const Made made = co_await make_stream(link, wanted, when_absent);
  if (made.answer.ok()) {
    stream.info = to_stream_info(made.answer.body);
    stream.refusal = dead_letter_refusal(stream.info, link.max_payload());
  } else {
    stream.refusal = letters_refused(wanted, made);
  }
  co_return stream;
}

asio::awaitable<StreamInfo> stream_info(Link& link, std::string stream) {
  const JetStreamAnswer answer = co_await call_jetstream(link, "STREAM.INFO." + stream);
  if (!answer.ok()) throw_jetstream_error(answer, fmt::format("stream {}", stream), stream);
  co_return to_stream_info(answer.body);
}

asio::awaitable<std::uint64_t> stored_after(Link& link, std::string stream, std::uint64_t sequence,
                                            std::string filter) {
  json::object next{{"seq", sequence + 1}, {"next_by_subj", filter.empty() ? ">" : filter}};
  const JetStreamAnswer answer =
      co_await call_jetstream(link, "STREAM.MSG.GET." + stream, std::move(next));
  if (!answer.ok()) co_return 0;
  co_return stored_seconds(answer.body);
}

asio::awaitable<ConsumerInfo> consumer_info(Link& link, std::string stream, std::string durable) {
  const JetStreamAnswer answer =
      co_await call_jetstream(link, fmt::format("CONSUMER.INFO.{}.{}", stream, durable));
  if (!answer.ok()) {
    throw_jetstream_error(answer, fmt::format("consumer {} of stream {}", durable, stream), stream);
  }
  co_return to_consumer_info(answer.body);
}

}  // namespace hangar
