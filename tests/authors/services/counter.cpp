// Counts the events of each flow run, each event once however often it is delivered: its id is
// stored in the transaction that counts it.
#include <array>
#include <boost/json.hpp>
#include <map>

#include "hangar/service.hpp"

namespace {

using namespace hangar;

const Table seen{.name = "counted_event", .columns = {{"id", ColumnType::text, false}}};
const Table counts{
    .name = "flow_run_events",
    .columns = {{"flow_run", ColumnType::text, false}, {"events", ColumnType::int8, false, "0"}}};

class Counter final : public Service {
 public:
  struct Config : ReaderConfig {
    Config() : ReaderConfig{"EVENTS", "events.>", "counter"} {}
  };
  static Needs needs(const Config& config) {
    return {.tables = {&seen, &counts}, .reads = {config.source()}};
  }
  Counter(Context& host, const Config& set) : context_{host}, config_{set} {}

  boost::asio::awaitable<void> run() override {
    for (Batch batch;; batch.ack()) {
      batch = co_await context_.source().next(config_.source().batch_size, config_.flush_interval);
      if (batch.empty()) co_return;
      std::map<std::string, std::string> flow_runs;  // By the event's id.
      for (const Message& message : batch) {
        const auto event = boost::json::parse(message.data());
        flow_runs[event.at("id").as_string().c_str()] = event.at("flow_run").as_string();
      }
      co_await context_.transact(0, [&](Session& session) { count(session, flow_runs); });
    }
  }

 private:
  static void count(Session& session, const std::map<std::string, std::string>& flow_runs) {
    Rows ids{seen};
    for (const auto& [id, flow_run] : flow_runs) ids.add()[0] = std::string_view{id};
    const std::vector<bool> is_new = session.insert_missing(ids);
    std::map<std::string_view, std::int64_t> more;
    for (auto at = is_new.begin(); const auto& [id, flow_run] : flow_runs) more[flow_run] += *at++;
    Rows sums{counts};
    for (const auto& [flow_run, events] : more)
      std::ranges::copy(std::array<Cell, 2>{flow_run, events}, sums.add().begin());
    session.add(sums, std::array<std::size_t, 1>{1});
  }
  Context& context_;
  Config config_;
};

}  // namespace

HANGAR_PLUGIN(service_plugin<Counter>("counter", "1.0.0", "Counts events of flow runs"));
