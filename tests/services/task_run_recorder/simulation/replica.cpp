#include "replica.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <variant>

#include "../uncounted_metrics.hpp"
#include "hangar/plugin.hpp"
#include "tables.hpp"

namespace asio = boost::asio;

extern "C" const hangar::Plugin hangar_plugin;

namespace hangar::simulation {

std::string text_of(const Uuid& id) {
  std::string text;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", id.bytes[i]);
  }
  return text;
}

namespace {

std::vector<std::string> texts_of(const std::vector<Published>& events) {
  std::vector<std::string> texts;
  for (const Published& event : events) texts.push_back(event.data);
  return texts;
}

class Silence final : public Log {
 public:
  void write(LogLevel, std::string_view) noexcept override {}
  [[nodiscard]] bool enabled(LogLevel) const noexcept override { return false; }
};

class Delivery final : public Message::Delivery {
 public:
  Delivery(World& world, std::size_t replica, std::size_t message)
      : world_{world}, replica_{replica}, message_{message}, data_{world.stream.data(message)} {}
  ~Delivery() override {
    constexpr std::uint64_t ack_wait = 200;
    if (!answered_) world_.stream.nak(replica_, message_, ack_wait);
  }
  void ack() noexcept override {
    answered_ = true;
    if (!world_.is_safe(message_) && world_.wrong.empty()) {
      world_.wrong = fmt::format("message {} was acked before it was safe", message_);
    }
    world_.stream.ack(replica_, message_);
  }
  void nak(std::chrono::milliseconds delay) noexcept override {
    answered_ = true;
    world_.stream.nak(replica_, message_, static_cast<std::uint64_t>(delay.count()));
  }
  void drop_data(std::size_t) noexcept override { std::ranges::fill(data_, '?'); }
  [[nodiscard]] std::optional<std::string_view> header(const char*) const override { return {}; }
  [[nodiscard]] Message::Content content() const {
    return {.data = data_, .subject = "events", .sequence = message_ + 1};
  }

 private:
  World& world_;
  std::size_t replica_;
  std::size_t message_;
  std::string data_;
  bool answered_ = false;
};

}  // namespace

void Database::Refusing::check(const Rows& rows) const {
  if (database_.fault == Fault::not_null) {
    throw DataError{"not_null", "a column that Prefect does not have", "", "23502"};
  }
  if (database_.fault == Fault::unknown) {
    throw TransientError{"internal error", TransientError::Retry::unknown, "XX000"};
  }
  const bool runs = rows.table().name == "task_run";
  const auto is_refused = [](const Cell& cell) {
    return cell.kind() == Cell::Kind::text && cell.text() == refused_text;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = rows[i];
    std::optional<DataError> error;
    if (runs) {
      const Cell& flow_run = row[recorder::task_run::flow_run_id];
      if (flow_run.kind() == Cell::Kind::uuid &&
          database_.missing_flow_runs.contains(text_of(flow_run.uuid()))) {
        error = DataError{"foreign_key", "no such flow run", "", "23503",
                          "fk_task_run__flow_run_id__flow_run"};
      }
    }
    if (!error && std::ranges::any_of(row, is_refused)) {
      error = runs ? DataError{"check", "refused", "", "23514"}
                   : DataError{"invalid_value", "refused", "", "22023"};
    }
    if (!error) continue;
    if ((i + rows.size()) % 3 != 0) error->at_row(i);
    throw DataError{*error};
  }
}

Rows Database::Refusing::find(const Table& table, std::span<const Keys> keys,
                              std::span<const std::size_t> columns, Lock lock) {
  Rows found{table};
  if (table.name == "flow_run") {
    for (const Cell& id : keys.front().values) {
      if (!database_.missing_flow_runs.contains(text_of(id.uuid()))) found.add()[0] = id;
    }
    return found;
  }
  Rows all = MemorySession::find(table, keys, columns, lock);
  if (lock == Lock::none) return all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!database_.locked_runs.contains(text_of(all[i].front().uuid()))) {
      std::ranges::copy(all[i], found.add().begin());
    } else if (lock == Lock::rows) {
      throw TransientError{"locked", TransientError::Retry::locked, "55P03"};
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (Cell& cell : found[i]) {
      if (cell.kind() == Cell::Kind::text) cell = found.keep(cell.text());
    }
  }
  return found;
}

std::vector<bool> Database::Refusing::insert_missing(const Rows& rows) {
  check(rows);
  return MemorySession::insert_missing(rows);
}

std::size_t Database::Refusing::update(const Rows& rows) {
  check(rows);
  return MemorySession::update(rows);
}

void Database::transact(const std::function<void(Session&)>& work, bool keep) {
  Content before = session_.content;
  try {
    work(session_);
  } catch (...) {
    session_.content = std::move(before);
    throw;
  }
  if (!keep) session_.content = std::move(before);
}

bool Database::has_row(const std::string& id) const {
  return std::ranges::any_of(content(), [&](const auto& table) {
    return std::ranges::any_of(table.second, [&](const auto& row) {
      const Cell key = row.first.view();
      return (key.kind() == Cell::Kind::uuid ? text_of(key.uuid()) : key.text()) == id;
    });
  });
}

World::World(unsigned seed, std::vector<Published> published)
    : random{seed}, events{std::move(published)}, stream{texts_of(events), random} {}

bool World::is_safe(std::size_t message) const {
  const Published& event = events[message];
  return event.fate == Fate::ignored || stream.dead_letters().contains(message) ||
         database.has_row(event.state_id);
}

class Replica::SimulatedSource final : public Source {
 public:
  explicit SimulatedSource(Replica& replica) : replica_{replica}, due{replica.io_.get_executor()} {}

  asio::awaitable<Batch> next(std::size_t limit, std::chrono::milliseconds) override {
    Stream& stream = replica_.world_.stream;
    Batch batch;
    while (batch.empty() && !stream.settled()) {
      for (const std::size_t message : stream.deliver(replica_.number_, limit)) {
        auto delivery = std::make_unique<Delivery>(replica_.world_, replica_.number_, message);
        const auto content = delivery->content();
        batch.emplace_back(content, std::move(delivery));
      }
      if (batch.empty()) co_await due.next();
    }
    co_return batch;
  }

  asio::awaitable<void> reject(Message message, Rejection why) override {
    co_await asio::post(replica_.io_, asio::use_awaitable);
    replica_.world_.stream.store_dead_letter(message.sequence() - 1, why.reason);
    co_await asio::post(replica_.io_, asio::use_awaitable);
    message.ack();
  }

  asio::awaitable<std::optional<std::chrono::sys_time<std::chrono::nanoseconds>>> forced()
      override {
    co_await asio::post(replica_.io_, asio::use_awaitable);
    if (!replica_.world_.forced) co_return std::nullopt;
    co_return std::chrono::sys_time<std::chrono::nanoseconds>::max();
  }

 private:
  Replica& replica_;

 public:
  Event due;
};

class Replica::SimulatedContext final : public Context {
 public:
  explicit SimulatedContext(Replica& replica) : replica_{replica} {}

  [[nodiscard]] std::string_view service() const noexcept override { return "simulated"; }
  [[nodiscard]] asio::any_io_executor executor() const override {
    return replica_.io_.get_executor();
  }
  [[nodiscard]] Log& log() const noexcept override { return log_; }
  [[nodiscard]] Metrics& metrics() const noexcept override { return metrics_; }
  [[nodiscard]] bool stopping() const noexcept override { return false; }
  [[nodiscard]] std::optional<int> max_persist_retries() const noexcept override { return {}; }
  void not_ready(std::string why) override { replica_.world_.not_ready = !why.empty(); }

  asio::awaitable<void> stopped() override { co_return; }
  asio::awaitable<bool> stopped_within(std::chrono::milliseconds) override { co_return false; }
  Source& source(std::string_view) override { return source_; }
  asio::awaitable<bool> reread(std::string, std::uint64_t,
                               Callable<asio::awaitable<bool>(const Message&)>) override {
    std::terminate();
  }
  Publisher& publisher() override { std::terminate(); }
  Consumer& consumer(std::string_view) override { std::terminate(); }
  asio::awaitable<void> every(std::string, std::chrono::milliseconds,
                              Callable<asio::awaitable<void>(const Lease&)>) override {
    co_return;
  }
  Listener& listener(std::string_view) override { std::terminate(); }
  [[nodiscard]] std::size_t lanes() const noexcept override { return lanes_; }

  [[nodiscard]] StorageLimits storage_limits() const override { return {}; }

  asio::awaitable<void> transact(std::size_t, Callable<void(Session&)> work) override {
    World& world = replica_.world_;
    while (true) {
      co_await asio::post(replica_.io_, asio::use_awaitable);
      // Nothing, a connection that is lost before the work, one that is lost before COMMIT, and a
      // COMMIT whose answer is lost.
      const auto fault = world.faults ? world.random() % 12 : 0;
      if (fault == 1) continue;
      bool again = false;
      ++world.transactions;
      try {
        world.database.transact(work, fault != 2);
      } catch (const TransientError&) {
        again = true;
      }
      if (again || fault == 2 || fault == 3) continue;
      co_await asio::post(replica_.io_, asio::use_awaitable);
      co_return;
    }
  }

  void set_lanes(std::size_t lanes) noexcept { lanes_ = lanes; }
  SimulatedSource& simulated_source() noexcept { return source_; }

 private:
  Replica& replica_;
  SimulatedSource source_{replica_};
  std::size_t lanes_ = 1;
  mutable Silence log_;
  mutable testing::UncountedMetrics metrics_;
};

Replica::Replica(World& world, std::size_t number, const Settings& settings)
    : world_{world}, number_{number}, context_{std::make_unique<SimulatedContext>(*this)} {
  factory_.reset(hangar_plugin.make_service());
  Fields fields;
  factory_->fields(fields);
  for (const Field& field : fields.fields()) {
    if (field.name == "lanes") *std::get<std::int64_t*>(field.target) = settings.lanes;
    if (field.name == "batch_size") *std::get<std::int64_t*>(field.target) = settings.batch_size;
  }
  context_->set_lanes(factory_->needs().lanes);
  service_ = factory_->make(*context_);
  asio::co_spawn(io_, service_->run(), [this](const std::exception_ptr& failure) {
    finished_ = true;
    if (failure && world_.wrong.empty()) world_.wrong = "the service failed";
  });
}

Replica::~Replica() { world_.stream.lose(number_); }

bool Replica::step() { return io_.poll_one() > 0; }

void Replica::wake() { context_->simulated_source().due.set(); }

}  // namespace hangar::simulation
