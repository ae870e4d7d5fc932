#include "hangar/testing/service_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <limits>
#include <optional>

#include "hangar/testing/memory_storage.hpp"
#include "recorders.hpp"

namespace asio = boost::asio;

namespace hangar::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_run = std::chrono::minutes{1};
constexpr int attempts = 10;

class HeldLease final : public Lease {
 public:
  [[nodiscard]] bool held() const noexcept override { return true; }
};

/// The setting of that name, `a.b` in a group; null when there is none.
const Field* find_field(const Fields& fields, std::string_view name) {
  for (const Field& field : fields.fields()) {
    if (field.name == name) return &field;
  }
  for (const Fields& group : fields.groups()) {
    const std::string begin = group.name() + '.';
    if (name.starts_with(begin)) return find_field(group, name.substr(begin.size()));
  }
  return nullptr;
}

}  // namespace

class ServiceBench::Bench final : public Context {
 public:
  explicit Bench(const Plugin& plugin) : name_{plugin.name}, factory_{plugin.make_service()} {
    factory_->fields(fields_);
  }
  ~Bench() override {
    // What has not ended by itself is destroyed before what it uses.
    io_.reset();
    running_.reset();
  }

  [[nodiscard]] const Fields& fields() const noexcept { return fields_; }
  /// By the settings as they are at the first call.
  const Needs& needs() {
    if (!needs_) {
      needs_ = factory_->needs();
      storage_->prepare(needs_->tables, Creation::when_absent);
      for (const SourceOptions& one : needs_->reads) {
        sources_.emplace(one.name, std::make_unique<ListSource>(executor()));
      }
    }
    return *needs_;
  }
  ListSource& list(std::string_view name) {
    needs();
    const auto found = sources_.find(name);
    if (found == sources_.end()) {
      throw std::logic_error{fmt::format("{} declares no source {}", name_, name)};
    }
    return *found->second;
  }

  void start(bool until_drained) {
    if (running_) throw std::logic_error{name_ + " runs already"};
    draining_ = until_drained;
    stopping_ = draining_ && needs().reads.empty();
    stopped_.clear();
    if (stopping_) stopped_.set();
    needs();
    for (auto& [name, source] : sources_) {
      source->open();
      if (draining_) source->drain();
    }
    running_ = factory_->make(*this);
    ended_ = false;
    asio::co_spawn(*io_, running_->run(), [this](std::exception_ptr error) {
      ended_ = true;
      error_ = std::move(error);
    });
    settle();
  }
  void settle() {
    io_->restart();
    io_->poll();
  }
  void advance(std::chrono::milliseconds time) {
    now_ += time;
    ticked_.set();
    settle();
  }
  void stop() {
    if (!running_) throw std::logic_error{name_ + " does not run"};
    stopping_ = true;
    stopped_.set();
    ticked_.set();
    for (auto& [name, source] : sources_) source->stop();
    finish();
  }
  void finish() {
    const auto deadline = std::chrono::steady_clock::now() + longest_run;
    io_->restart();
    while (!ended_ && std::chrono::steady_clock::now() < deadline) io_->run_one_until(deadline);
    if (!ended_) throw std::runtime_error{name_ + " has not ended within a minute"};
    running_.reset();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

  Rows rows(std::string_view name) {
    const auto& tables = needs().tables;
    const auto declared = std::ranges::find(tables, name, &Table::name);
    if (declared == tables.end()) {
      throw std::logic_error{fmt::format("{} declares no table {}", name_, name)};
    }
    const Table& table = **declared;
    std::vector<std::size_t> all;
    for (std::size_t column = 0; column < table.columns.size(); ++column) all.push_back(column);
    const auto session = storage_->open_session();
    session->begin();
    Rows found = session->scan(table, {.column = table.primary_key.front()}, all,
                               std::numeric_limits<std::size_t>::max());
    session->commit();
    return found;
  }

  [[nodiscard]] std::string_view service() const noexcept override { return name_; }
  [[nodiscard]] asio::any_io_executor executor() const override { return io_->get_executor(); }
  [[nodiscard]] Log& log() const noexcept override { return lines; }
  [[nodiscard]] Metrics& metrics() const noexcept override { return numbers; }
  [[nodiscard]] bool stopping() const noexcept override { return stopping_; }
  [[nodiscard]] std::optional<int> max_persist_retries() const noexcept override { return {}; }
  void not_ready(std::string why) override {
    if (!why.empty()) lines.write(LogLevel::warning, why);
  }
  asio::awaitable<void> stopped() override { return stopped_.wait(); }
  asio::awaitable<bool> stopped_within(std::chrono::milliseconds most) override {
    for (const auto until = now_ + most; !stopping_ && now_ < until;) co_await ticked_.next();
    co_return stopping_;
  }
  Source& source(std::string_view name) override { return list(name); }
  asio::awaitable<bool> reread(std::string, std::uint64_t,
                               Callable<asio::awaitable<bool>(const Message&)>) override {
    throw std::logic_error{"a ServiceBench has no live source"};
  }
  Publisher& publisher() override {
    if (needs().publishes.empty()) throw std::logic_error{name_ + " declares nothing to publish"};
    return outlet;
  }
  Consumer& consumer(std::string_view) override {
    throw std::logic_error{"a ServiceBench has no consumer"};
  }
  Listener& listener(std::string_view) override {
    throw std::logic_error{"a ServiceBench has no listener"};
  }
  asio::awaitable<void> every(std::string, std::chrono::milliseconds period,
                              Callable<asio::awaitable<void>(const Lease&)> work) override {
    const HeldLease lease;
    while (!stopping_ && !draining_) {
      try {
        co_await work(lease);
      } catch (const std::exception& error) {
        lines.write(LogLevel::error, error.what());
      }
      const bool end = co_await stopped_within(period);
      if (end) co_return;
    }
  }
  [[nodiscard]] std::size_t lanes() const noexcept override {
    return needs_ && !needs_->tables.empty() ? 1 : 0;
  }
  [[nodiscard]] StorageLimits storage_limits() const override { return storage_->limits(); }
  asio::awaitable<void> transact(std::size_t lane, Callable<void(Session&)> work) override {
    if (lane >= lanes() + (needs_ ? needs_->background_lanes : 0)) {
      throw std::logic_error{fmt::format("there is no lane {}", lane)};
    }
    const auto session = storage_->open_session();
    for (int attempt = 1;; ++attempt) {
      try {
        session->begin();
        work(*session);
        session->commit();
        co_return;
      } catch (const TransientError&) {
        session->rollback();
        if (attempt == attempts) throw;
      }  // The session rolls back what another error leaves.
    }
  }

  mutable RecordedLog lines;
  mutable RecordedMetrics numbers;
  RecordedPublisher outlet;

 private:
  std::string name_;
  std::unique_ptr<ServiceFactory> factory_;
  Fields fields_{};
  std::optional<Needs> needs_;
  std::unique_ptr<Storage> storage_ = MemoryDatabase{}.open();
  std::unique_ptr<asio::io_context> io_ = std::make_unique<asio::io_context>(1);
  std::map<std::string, std::unique_ptr<ListSource>, std::less<>> sources_;
  Event stopped_{io_->get_executor()};
  Event ticked_{io_->get_executor()};
  std::chrono::milliseconds now_{0};
  std::unique_ptr<Service> running_;
  std::exception_ptr error_;
  bool draining_ = false;
  bool stopping_ = false;
  bool ended_ = false;
};

ServiceBench::ServiceBench(const Plugin& plugin) {
  if (plugin.kind != Plugin::Kind::service) throw std::invalid_argument{"this is no service"};
  bench_ = std::make_unique<Bench>(plugin);
}
ServiceBench::~ServiceBench() = default;

const Field& ServiceBench::field(std::string_view name) const {
  if (const Field* field = find_field(bench_->fields(), name)) return *field;
  throw std::invalid_argument{fmt::format("the service has no setting {}", name)};
}

ListSource& ServiceBench::source(std::string_view name) { return bench_->list(name); }

void ServiceBench::run() {
  bench_->start(true);
  bench_->finish();
}
void ServiceBench::start() { bench_->start(false); }
void ServiceBench::advance(std::chrono::milliseconds time) { bench_->advance(time); }
void ServiceBench::stop() { bench_->stop(); }

Rows ServiceBench::rows(std::string_view table) { return bench_->rows(table); }
const std::vector<OutgoingMessage>& ServiceBench::published() const noexcept {
  return bench_->outlet.messages();
}
double ServiceBench::metric(const std::string& name) const { return bench_->numbers.at(name); }
const std::vector<std::string>& ServiceBench::log() const noexcept { return bench_->lines.lines(); }

}  // namespace hangar::testing
