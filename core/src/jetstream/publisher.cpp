#include "jetstream/publisher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <set>
#include <utility>

#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/publish_subject.hpp"
#include "jetstream/stream_setup.hpp"
#include "nats/blocking.hpp"
#include "nats/link.hpp"
#include "text/json_member.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_messages = 4000;
constexpr std::size_t most_bytes = 16U << 20U;
constexpr auto retry_after = 250ms;

class Publishing {
 public:
  Publishing(const PublisherOptions& options, std::shared_ptr<Link> link,
             const asio::any_io_executor& executor,
             const std::function<std::optional<PublishLine>()>& next,
             const std::function<void(std::uint64_t done)>& progress)
      : options_{options},
        link_{std::move(link)},
        next_{next},
        progress_{progress},
        changed_{executor} {}

  Publishing(const Publishing&) = delete;
  Publishing& operator=(const Publishing&) = delete;
  ~Publishing() { link_->forget_requests(); }

  asio::awaitable<PublishOutcome> run() {
    succeeded_ = Clock::now();
    for (bool more = true; more || outstanding_ > 0 || !again_.empty();) {
      co_await wait_for_connection();
      if (more && has_room() && again_.empty()) {
        more = co_await send_next();
        continue;
      }
      resend();
      if (more || outstanding_ > 0) co_await changed_.wait_until(Clock::now() + retry_after);
      if (failure_) std::rethrow_exception(failure_);
      if (!unanswered_.empty()) co_await look_why_nobody_answers();
      must_not_stall();
      progress_(outcome_.stored + outcome_.duplicates);
    }
    co_return outcome_;
  }

 private:
  bool has_room() const {
    return outstanding_ == 0 || (outstanding_ < most_messages && bytes_ < most_bytes);
  }

  asio::awaitable<void> wait_for_connection() {
    const bool connected = co_await link_->wait_connected(succeeded_ + options_.patience);
    if (!connected) must_not_stall();
  }

  std::string trouble() const { return options_.trouble ? options_.trouble() : std::string{}; }

  void must_not_stall() const {
    if (Clock::now() - succeeded_ < options_.patience) return;
    std::string why = trouble();
    if (why.empty()) why = refusal_;
    if (why.empty()) why = link_->last_trouble();
    if (why.empty()) why = "is the server overloaded?";
    throw TransientError{
        fmt::format("NATS: nothing was confirmed for {} s; {}",
                    std::chrono::duration_cast<std::chrono::seconds>(options_.patience).count(),
                    why),
        TransientError::Retry::reconnect};
  }

  /// The stream that takes the subject; nothing when none does, or this user may not look.
  asio::awaitable<std::optional<StreamInfo>> stream_of(std::string subject) {
    try {
      const std::string name = co_await stream_on(*link_, std::move(subject));
      if (name.empty()) co_return std::nullopt;
      co_return co_await stream_info(*link_, name);
    } catch (const Error&) {
      co_return std::nullopt;
    }
  }

  // A stream with no_ack never answers.
  asio::awaitable<void> look_why_nobody_answers() {
    const auto stream = co_await stream_of(std::exchange(unanswered_, {}));
    if (!stream || !stream->no_ack) co_return;
    throw Error{fmt::format(
        "stream {} has no_ack, so nobody is told whether an event is stored: `nats stream edit {} "
        "--ack`; what was published until now may be in it",
        stream->name, stream->name)};
  }

  /// A stream with retention `interest` confirms what it deletes at once while nobody reads it.
  asio::awaitable<void> must_keep(StreamInfo stream) {
    if (stream.retention != "interest") co_return;
    const std::string call = "STREAM.INFO." + stream.name;
    const JetStreamAnswer answer = co_await call_jetstream(*link_, call);
    const boost::json::object& state = object_member(answer.body, "state");
    if (!state.contains("consumer_count") || integer_member(state, "consumer_count") > 0) co_return;
    throw Error{fmt::format(
        "stream {} has retention `interest` and no consumer, so it would confirm every event and "
        "keep none: make its consumer first (`hangar run` makes a service's), or give it retention "
        "`limits`",
        stream.name)};
  }

  asio::awaitable<void> look_whether_it_is_kept(std::string subject) {
    auto stream = co_await stream_of(std::move(subject));
    if (stream) co_await must_keep(*std::move(stream));
  }

  asio::awaitable<bool> send_next() {
    std::optional<PublishLine> line = next_();
    if (!line) co_return false;
    const auto stream = stream_of_subject(line->subject);
    if (stream && !ensured_.contains(*stream)) {
      co_await ensure(*stream, stream_subject(*stream, line->subject));
    }
    if (!stream && looked_at_.insert(line->subject).second) {
      co_await look_whether_it_is_kept(line->subject);
    }
    const std::size_t size = line->body.size() + wire_size(line->headers);
    if (link_->max_payload() != 0 && size > link_->max_payload()) {
      throw Error{fmt::format("{}: {} bytes, and the server takes {}: set max_payload: 8MB there",
                              line->origin, size, link_->max_payload())};
    }
    send(std::move(*line));
    co_return true;
  }

  /// A server that ends meanwhile is waited for as long as for a confirmation.
  asio::awaitable<void> ensure(std::string stream, std::string subject) {
    while (!ensured_.contains(stream)) {
      StreamConfig wanted{stream, subject};
      wanted.replicas = options_.nats.replicas;
      wanted.max_age = options_.nats.max_age;
      try {
        StreamInfo info = co_await ensure_stream(*link_, std::move(wanted), WhenAbsent::create);
        co_await must_keep(std::move(info));
        ensured_.insert(stream);
        succeeded_ = Clock::now();
        co_return;
      } catch (const DeniedError&) {
        throw;
      } catch (const TransientError&) {
        const bool stalls = Clock::now() - succeeded_ >= options_.patience;
        if (stalls && !trouble().empty()) must_not_stall();
        if (stalls) throw;
      }
      co_await changed_.wait_until(Clock::now() + retry_after);
      co_await wait_for_connection();
    }
  }

  void resend() {
    // While the server is away nothing can be sent; after that everything is again.
    if (!link_->connected() || Clock::now() < again_from_) return;
    for (auto lines = std::exchange(again_, {}); auto& line : lines) send(std::move(line));
  }

  void send(PublishLine line) {
    Headers headers = line.headers;
    if (!line.id.empty()) headers.emplace_back("Nats-Msg-Id", line.id);
    ++outstanding_;
    bytes_ += line.body.size();
    auto shared = std::make_shared<PublishLine>(std::move(line));
    link_->request(shared->subject, shared->body, headers, Link::default_patience,
                   [this, shared](const Link::Reply& reply) { answered(*shared, reply); });
  }

  void answered(PublishLine& line, const Link::Reply& reply) {
    --outstanding_;
    bytes_ -= line.body.size();
    if (reply.fate == Link::Reply::Fate::answered) {
      const JetStreamAnswer answer = read_jetstream_answer(*link_, reply);
      if (const auto stored = pub_ack(answer)) {
        confirmed(*stored);
      } else if (!answer.ok() && refused_for_good(answer)) {
        fail(refused(line, answer));
      } else {
        refusal_ = refused(line, answer);
        send_again(line);
      }
    } else if (reply.fate == Link::Reply::Fate::denied) {
      failure_ =
          std::make_exception_ptr(DeniedError{fmt::format("{}: {}", line.origin, reply.why)});
    } else if (reply.fate == Link::Reply::Fate::no_responders && !stream_of_subject(line.subject)) {
      fail(
          fmt::format("{}: no stream listens on `{}`: run the service that reads it, which creates "
                      "one, or choose another --subject",
                      line.origin, line.subject));
    } else {
      if (reply.fate == Link::Reply::Fate::timed_out) unanswered_ = line.subject;
      if (reply.fate == Link::Reply::Fate::no_responders) {
        refusal_ = fmt::format("{}: no stream listens on `{}`", line.origin, line.subject);
      }
      send_again(line);
    }
    changed_.wake_all();
  }

  static std::string refused(const PublishLine& line, const JetStreamAnswer& answer) {
    const std::string stream = stream_of_subject(line.subject).value_or("STREAM");
    return fmt::format("{}: the stream of `{}` refused it: {}", line.origin, line.subject,
                       refusal_text(answer, stream));
  }

  void confirmed(const PubAck& stored) {
    ++(stored.duplicate ? outcome_.duplicates : outcome_.stored);
    succeeded_ = Clock::now();
    refusal_.clear();
  }

  void send_again(PublishLine& line) {
    again_.push_back(std::move(line));
    again_from_ = Clock::now() + retry_after;
  }

  void fail(const std::string& why) {
    if (!failure_) failure_ = std::make_exception_ptr(Error{why});
  }

  const PublisherOptions& options_;
  std::shared_ptr<Link> link_;
  const std::function<std::optional<PublishLine>()>& next_;
  const std::function<void(std::uint64_t done)>& progress_;
  Condition changed_;
  std::set<std::string> ensured_;
  std::set<std::string> looked_at_;  ///< Subjects of streams that are not Prefect's.
  std::size_t outstanding_ = 0;
  std::size_t bytes_ = 0;
  std::deque<PublishLine> again_;
  Clock::time_point again_from_{};
  Clock::time_point succeeded_{};
  std::string refusal_;     ///< What the server said last, when nothing was stored since.
  std::string unanswered_;  ///< A subject on which nobody answers, when that was not looked at.
  PublishOutcome outcome_;
  std::exception_ptr failure_;
};

}  // namespace

PublishOutcome publish_lines(const PublisherOptions& options, Log& log,
                             const std::function<std::optional<PublishLine>()>& next,
                             const std::function<void(std::uint64_t done)>& progress) {
  return run_with_link<PublishOutcome>(
      options.nats, "hangar publish", log, {},
      [&](const std::shared_ptr<Link>& link,
          const asio::any_io_executor& executor) -> asio::awaitable<PublishOutcome> {
        Publishing publishing{options, link, executor, next, progress};
        co_return co_await publishing.run();
      });
}

}  // namespace hangar
