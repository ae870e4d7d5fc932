#include "nats/link.hpp"

#include <fmt/format.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "config/mask_url.hpp"
#include "nats/subjects.hpp"
#include "text/number.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::string new_inbox(const std::string& prefix) {
  natsInbox* made = nullptr;
  if (natsInbox_Create(&made) != NATS_OK) throw std::bad_alloc{};
  const std::unique_ptr<natsInbox, decltype(&natsInbox_Destroy)> inbox{made, &natsInbox_Destroy};
  const std::string_view whole{inbox.get()};
  return prefix + std::string{whole.substr(whole.find('.'))};
}

std::optional<std::uint64_t> token_after(std::string_view subject, std::string_view prefix,
                                         std::string_view kind) noexcept {
  if (!subject.starts_with(prefix)) return std::nullopt;
  subject.remove_prefix(prefix.size());
  if (!subject.starts_with(kind)) return std::nullopt;
  return parse_number<std::uint64_t>(subject.substr(kind.size()));
}

constexpr std::string_view of_pulls = ".p.";
constexpr std::string_view of_requests = ".r.";

}  // namespace

std::shared_ptr<Link> Link::open(asio::any_io_executor executor, Connection::Settings settings,
                                 Log& log, Handlers handlers) {
  struct Opened : Link {
    Opened(asio::any_io_executor on, const NatsConfig& nats, Log& to, Handlers with)
        : Link{std::move(on), nats, to, std::move(with)} {}
  };
  auto link =
      std::make_shared<Opened>(std::move(executor), settings.nats, log, std::move(handlers));
  link->start(std::move(settings));
  return link;
}

Link::Link(asio::any_io_executor executor, const NatsConfig& nats, Log& log, Handlers handlers)
    : executor_{std::move(executor)},
      log_{log},
      handlers_{std::move(handlers)},
      embedded_{nats.embedded},
      api_prefix_{api_prefix(nats)},
      inbox_{new_inbox(hangar::inbox_prefix(nats))},
      changed_{executor_},
      requests_{std::make_shared<Requests>(executor_)} {}

Link::~Link() = default;

std::unique_ptr<Inbox> Link::inbox(void (Link::*take)()) {
  return std::make_unique<Inbox>([this, take] { post([take](Link& link) { (link.*take)(); }); });
}

void Link::post(std::function<void(Link&)> action) {
  asio::post(executor_, [weak = weak_from_this(), action = std::move(action)] {
    if (const auto self = weak.lock()) action(*self);
  });
}

void Link::start(Connection::Settings settings) {
  if (settings.nats.tls.insecure) {
    log_.warning(
        "NATS: nats.tls.insecure is set: anybody on the way can read and change everything");
  }
  pulled_ = inbox(&Link::take_pulled);
  replies_ = inbox(&Link::take_replies);
  std::vector<ConnectionKeeper::Subscription> subscriptions{
      {fmt::format("{}{}*", inbox_, of_pulls), pulled_.get()},
      {fmt::format("{}{}*", inbox_, of_requests), replies_.get()}};
  ConnectionKeeper::Callbacks callbacks;
  callbacks.up = [this](std::uint64_t connection, std::uint64_t payload, std::string server,
                        std::string line) {
    post([to = Server{connection, payload, std::move(server)}, line = std::move(line)](Link& link) {
      link.came_up(to, line);
    });
  };
  callbacks.down = [this](std::vector<Outgoing> unsent) {
    // A std::function has to be copyable, and messages are not.
    auto shared = std::make_shared<std::vector<Outgoing>>(std::move(unsent));
    post([shared](Link& link) { link.went_down(std::move(*shared)); });
  };
  callbacks.pulls_ended = [this] {
    post([](Link& link) {
      if (link.handlers_.pulls_ended) link.handlers_.pulls_ended();
    });
  };
  callbacks.trouble = [this](std::string what, std::string line) {
    post(
        [what = std::move(what), line = std::move(line)](Link& link) { link.trouble(what, line); });
  };
  callbacks.ended = [this] {
    post([](Link& link) {
      link.ended_ = true;
      link.changed_.wake_all();
    });
  };
  keeper_ = std::make_unique<ConnectionKeeper>(std::move(settings), std::move(subscriptions),
                                               std::move(callbacks));
}

void Link::came_up(const Server& server, const std::string& line) {
  server_ = server;
  ++connections_;
  inbox_denied_.clear();
  health_.connected();
  if (!line.empty()) log_.info("{}", line);
  last_trouble_.clear();
  changed_.wake_all();
  if (handlers_.up) handlers_.up();
}

void Link::went_down(std::vector<Outgoing> unsent) {
  server_.connection = 0;
  requests_out_.clear();
  const auto failed = requests_->take();
  changed_.wake_all();
  if (handlers_.down) handlers_.down(std::move(unsent));
  for (const OnReply& on_reply : failed) on_reply({.fate = Reply::Fate::disconnected});
}

void Link::trouble(const std::string& what, const std::string& line) {
  last_trouble_ = mask_url(what);
  if (!line.empty()) log_.warning("{}", line);
  if (handlers_.trouble) handlers_.trouble(last_trouble_);
  if (const auto violation = permission_violation_in(what)) deny(*violation, last_trouble_);
}

// The server says so of the subject, and does not say of which message.
void Link::deny(const PermissionViolation& violation, const std::string& why) {
  const bool unanswerable = violation.of == PermissionViolation::Of::subscription;
  if (unanswerable && !violation.subject.starts_with(inbox_)) return;
  if (unanswerable) inbox_denied_ = why;
  const auto failed = requests_->take(unanswerable ? std::string_view{} : violation.subject);
  if (!unanswerable && handlers_.denied) handlers_.denied(violation.subject, why);
  for (const OnReply& on_reply : failed) on_reply({.fate = Reply::Fate::denied, .why = why});
}

void Link::judge(JetStreamHealth::Trouble trouble, JetStreamHealth::Time at) {
  using enum JetStreamHealth::Trouble;
  if (!connected() && trouble != none) return;
  follow(trouble == none ? health_.served(at) : health_.failed(trouble, at, Clock::now()));
}

void Link::judge_round(bool quorum, JetStreamHealth::Time sent) {
  if (connected()) follow(health_.answered(quorum, sent, Clock::now()));
}

void Link::follow(const JetStreamHealth::Verdict& verdict) {
  if (std::exchange(judged_, verdict.trouble) != verdict.trouble && handlers_.judged) {
    handlers_.judged(verdict.trouble);
  }
  if (!verdict.leave) return;
  keeper_->leave(server_.connection, std::string{describe(verdict.trouble)});
}

asio::awaitable<bool> Link::wait_connected(Condition::Time deadline) {
  while (!connected() && !ended_ && Clock::now() < deadline) co_await changed_.wait_until(deadline);
  co_return connected();
}

asio::awaitable<void> Link::ended(Condition::Time deadline) {
  while (!ended_ && Clock::now() < deadline) co_await changed_.wait_until(deadline);
}

std::string Link::pull_inbox(std::uint64_t token) const {
  return fmt::format("{}{}{}", inbox_, of_pulls, token);
}

std::optional<std::uint64_t> Link::pull_token(std::string_view subject) const noexcept {
  return token_after(subject, inbox_, of_pulls);
}

void Link::take_pulled() {
  spare_ = pulled_->take(std::move(spare_));
  if (handlers_.pulled) handlers_.pulled(spare_);
  spare_.clear();
}

void Link::take_replies() {
  for (WireMessage& message : replies_->take()) {
    const auto token = token_after(subject_of(*message), inbox_, of_requests);
    if (token) requests_->answer(*token, std::move(message));
  }
}

void Link::request(const std::string& subject, std::string_view body, const Headers& headers,
                   std::chrono::milliseconds within, OnReply on_reply) {
  if (!connected()) {
    asio::post(executor_,
               [on_reply = std::move(on_reply)] { on_reply({.fate = Reply::Fate::disconnected}); });
    return;
  }
  if (!inbox_denied_.empty()) {
    asio::post(executor_, [on_reply = std::move(on_reply), why = inbox_denied_] {
      on_reply({.fate = Reply::Fate::denied, .why = why});
    });
    return;
  }
  const std::uint64_t token = requests_->next_token();
  if (requests_out_.empty()) post([](Link& link) { link.send_requests(); });
  requests_out_.emplace_back(
      make_message(subject, fmt::format("{}{}{}", inbox_, of_requests, token), body, headers));
  requests_->sent(token, subject, within, std::move(on_reply));
}

void Link::send_requests() {
  // Over a connection that is gone they are not: then their replies are on the way, see went_down.
  if (!requests_out_.empty() && !send(requests_out_)) requests_out_.clear();
}

asio::awaitable<Link::Reply> Link::request(std::string subject, std::string body, Headers headers,
                                           std::chrono::milliseconds within) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Reply)>(
      [&](auto handler) {
        // A std::function has to be copyable, and the handler is not.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        request(subject, body, headers, within,
                [shared](Reply&& reply) { std::move (*shared)(std::move(reply)); });
      },
      asio::use_awaitable);
}

}  // namespace hangar
