#include "lease/leases.hpp"

#include <fmt/format.h>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/object.hpp>
#include <exception>
#include <random>
#include <stdexcept>
#include <utility>

#include "api/describe.hpp"
#include "hangar/error.hpp"
#include "jetstream/denied_error.hpp"
#include "jetstream/jetstream.hpp"
#include "jetstream/until_done.hpp"
#include "lease/lease_stream.hpp"
#include "text/base64.hpp"
#include "text/json_member.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

using namespace std::chrono_literals;

/// A name that no other host has, and no other run of this one.
std::string unique_name() {
  std::random_device random;
  boost::system::error_code unknown;
  return fmt::format("{}/{:08x}{:08x}", asio::ip::host_name(unknown), random(), random());
}

}  // namespace

/// One call of `every`.
struct Leases::Turn {
  Turn(std::string its_name, std::string its_subject, std::chrono::milliseconds period)
      : name{std::move(its_name)}, subject{std::move(its_subject)}, term{unique_name(), period} {}

  std::string name;
  std::string subject;
  LeaseTerm term;
  bool ended = false;       ///< No work runs, and none will.
  bool given_back = false;  ///< Or over.
};

std::shared_ptr<Leases> Leases::start(const asio::any_io_executor& executor, const NatsConfig& nats,
                                      std::string service, Log& log, Metrics& metrics) {
  struct Started : Leases {
    Started(asio::any_io_executor on, const NatsConfig& with, std::string of, Log& to,
            Metrics& counted)
        : Leases{std::move(on), with, std::move(of), to, counted} {}
  };
  const auto made = std::make_shared<Started>(executor, nats, std::move(service), log, metrics);
  const std::weak_ptr<Leases> weak = made;
  const auto wake = [weak] {
    if (const auto self = weak.lock()) self->changed_.wake_all();
  };
  made->link_ = Link::open(executor, {nats, connection_name(made->service_, "leases")}, log,
                           keep_state(made->state_, wake));
  return made;
}

Leases::Leases(asio::any_io_executor executor, const NatsConfig& nats, std::string service,
               Log& log, Metrics& metrics)
    : executor_{std::move(executor)},
      stream_{lease_config(nats)},
      service_{std::move(service)},
      log_{log},
      metrics_{metrics},
      changed_{executor_} {}

void Leases::warn(const std::string& what, const std::string& problem) {
  if (const auto left_out = seldom_.told(what, Clock::now())) {
    log_.warning("{}: {}; trying again{}", what, problem, since_said(*left_out, "failures"));
  }
}

asio::awaitable<void> Leases::open() {
  const auto self = shared_from_this();
  bool done = false;
  const auto over = [&] { return stopping_ || done; };
  const auto attempt = [&]() -> asio::awaitable<void> {
    co_await ensure_stream(*link_, stream_, WhenAbsent::create);
    done = true;
  };
  const auto told = [&](const std::string& problem) {
    state_->keeps_from(problem);
    if (!problem.empty()) warn("leases", problem);
  };
  co_await until_done(*link_, changed_, over, attempt, told);
}

asio::awaitable<void> Leases::every(std::string lease, std::chrono::milliseconds period,
                                    Work work) {
  struct End {
    Leases& leases;
    Turn& turn;
    End(Leases& all, Turn& one) : leases{all}, turn{one} {}
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    ~End() {
      turn.ended = true;
      leases.changed_.wake_all();
    }
  };
  const auto self = shared_from_this();
  if (!in_use_.insert(lease).second) {
    throw std::logic_error{
        fmt::format("{} does the work of the lease '{}' twice at once", service_, lease)};
  }
  std::string subject = lease_subject(service_, lease);
  const auto turn = std::make_shared<Turn>(std::move(lease), std::move(subject), period);
  // Not a part of this coroutine, which the service may cancel.
  asio::co_spawn(
      executor_, [self, turn] { return self->keep(turn); }, asio::detached);
  {
    const End end{*this, *turn};
    co_await work_until_stopped(*turn, period, work);
  }
  while (!turn->given_back) co_await changed_.wait();
}

asio::awaitable<void> Leases::work_until_stopped(Turn& turn, std::chrono::milliseconds period,
                                                 const Work& work) {
  const auto counter = [&](const char* outcome) {
    return metrics_.counter("hangar_lease_runs_total",
                            "Times that periodic work was run on this host",
                            {{"lease", turn.name}, {"outcome", outcome}});
  };
  const auto done = counter("done");
  const auto failed = counter("failed");
  auto due = Clock::now();
  while (!stopping_) {
    if (!turn.term.held()) {
      co_await changed_.wait();
      continue;
    }
    if (Clock::now() < due) {
      co_await changed_.wait_until(due);
      continue;
    }
    due = later(Clock::now(), period);
    std::exception_ptr failure;
    try {
      co_await work(turn.term);
      done(1);
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) continue;
    // The service did not want it any more: that is no failure of the work.
    const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
    if (cancelled != asio::cancellation_type::none) std::rethrow_exception(failure);
    failed(1);
    log_.error("the work of the lease '{}' failed: {}; it is run again at the next period",
               turn.name, describe(failure));
  }
}

asio::awaitable<void> Leases::keep(std::shared_ptr<Turn> turn) {
  while (!turn->ended) {
    const auto next = Clock::now() + turn->term.round();
    const auto connection = link_->connections();
    co_await renew(*turn);
    changed_.wake_all();
    while (!turn->ended && Clock::now() < next && connection == link_->connections()) {
      co_await changed_.wait_until(next);
    }
  }
  co_await give_back(*turn);
  in_use_.erase(turn->name);
  obstacles_.erase(turn->name);
  turn->given_back = true;
  changed_.wake_all();
}

asio::awaitable<void> Leases::renew(Turn& turn) {
  const bool before = turn.term.held();
  std::string& obstacle = obstacles_[turn.name];
  if (link_->connected()) {
    obstacle.clear();
    try {
      const LeaseEntry found = co_await read(turn);
      const auto sent = Clock::now();
      if (turn.term.may_write(found, sent)) {
        const auto written = co_await write(turn, turn.term.host(), found.sequence);
        if (written) turn.term.written(*written, sent);
      }
    } catch (const std::exception& error) {
      obstacle = error.what();
      warn(fmt::format("lease '{}'", turn.name), obstacle);
    }
    show_obstacle();
  }
  const bool now = turn.term.held();
  if (now && !before) log_.info("this host holds the lease '{}' now", turn.name);
  if (before && !now) log_.warning("this host holds the lease '{}' no more", turn.name);
}

void Leases::show_obstacle() {
  std::string shown;
  for (const auto& [lease, obstacle] : obstacles_) {
    if (shown.empty() && !obstacle.empty()) shown = fmt::format("lease '{}': {}", lease, obstacle);
  }
  state_->keeps_from(std::move(shown));
}

asio::awaitable<void> Leases::give_back(Turn& turn) {
  if (!turn.term.held()) co_return;
  try {
    co_await write(turn, {}, turn.term.sequence());
  } catch (const std::exception& error) {
    log_.debug("lease '{}' is not given back: {}", turn.name, error.what());
  }
}

asio::awaitable<LeaseEntry> Leases::read(const Turn& turn) {
  json::object request{{"last_by_subj", turn.subject}};
  const JetStreamAnswer answer = co_await call_jetstream(
      *link_, fmt::format("STREAM.MSG.GET.{}", lease_stream), std::move(request));
  LeaseEntry entry;
  if (answer.error_code == jetstream_error::stream_not_found) {
    co_await ensure_stream(*link_, stream_, WhenAbsent::create);
  } else if (!answer.ok() && !answer.not_found()) {
    throw_jetstream_error(answer, turn.subject, lease_stream);
  }
  if (!answer.ok()) co_return entry;
  const json::object& message = object_member(answer.body, "message");
  entry.sequence = static_cast<std::uint64_t>(integer_member(message, "seq"));
  entry.holder = decode_base64(text_member(message, "data"));
  co_return entry;
}

asio::awaitable<std::optional<std::uint64_t>> Leases::write(const Turn& turn, std::string holder,
                                                            std::uint64_t in_place_of) {
  using Fate = Link::Reply::Fate;
  Headers headers;
  headers.emplace_back("Nats-Expected-Last-Subject-Sequence", fmt::format("{}", in_place_of));
  const Link::Reply reply =
      co_await link_->request(turn.subject, std::move(holder), std::move(headers));
  if (reply.fate == Fate::denied) throw DeniedError{reply.why};
  if (reply.fate != Fate::answered) {
    throw TransientError{fmt::format("no answer on {}: {}", turn.subject, link_->last_trouble()),
                         TransientError::Retry::backoff};
  }
  const JetStreamAnswer answer = read_jetstream_answer(*link_, reply);
  if (answer.error_code == jetstream_error::wrong_last_sequence) co_return std::nullopt;
  if (!answer.ok()) throw_jetstream_error(answer, turn.subject, lease_stream);
  co_return static_cast<std::uint64_t>(integer_member(answer.body, "seq"));
}

void Leases::stop() {
  stopping_ = true;
  changed_.wake_all();
}

asio::awaitable<void> Leases::close() {
  const auto self = shared_from_this();
  stop();
  while (!in_use_.empty()) co_await changed_.wait();
  link_->finish();
  co_await link_->ended(Clock::now() + 10s);
}

}  // namespace hangar
