// Keeps the places of messages. Its command `hangar places trim` deletes the oldest and publishes
// how many.
#include <fmt/format.h>

#include <array>
#include <iostream>

#include "hangar/service.hpp"

namespace {

using namespace hangar;

const Table places{.name = "kept_place", .columns = {{"place", ColumnType::int8, false}}};

class Keeper final : public Service {
 public:
  struct Config : ReaderConfig {
    std::int64_t at_a_time = 100;
    Config() : ReaderConfig{"EVENTS", "events.>", "keeper"} {}
    void fields(Fields& fields) {
      ReaderConfig::fields(fields);
      fields.add("at_a_time", &at_a_time, "How many places `trim` deletes at most").range(1, 1000);
    }
  };
  static Needs needs(const Config& config) {
    return {.tables = {&places}, .publishes = {{"TRIMS", "trims.>"}}, .reads = {config.source()}};
  }
  Keeper(Context& host, const Config& set) : context_{host}, config_{set} {}

  boost::asio::awaitable<void> run() override {
    for (Batch batch;; batch.ack()) {
      batch = co_await context_.source().next(config_.source().batch_size, config_.flush_interval);
      if (batch.empty()) co_return;
      Rows rows{places};
      for (const Message& message : batch)
        rows.add()[0] = static_cast<std::int64_t>(message.sequence());
      co_await context_.transact(0, [&](Session& session) { session.insert_missing(rows); });
    }
  }

 private:
  Context& context_;
  Config config_;
};

struct TrimOptions {
  bool dry_run = false;
  std::int64_t before = 1;
  std::string reason = "manual";
  void fields(Fields& fields) {
    fields.add("dry_run", &dry_run, "Only say how many");
    fields.add("before", &before, "Places below this one").range(1, 1'000'000);
    fields.add("reason", &reason, "Why").one_of({"manual", "disk"});
  }
};

boost::asio::awaitable<int> trim(Context& host, const Keeper::Config& config,
                                 const TrimOptions& options) {
  Range range;
  range.before = Cell{options.before};
  const auto most = static_cast<std::size_t>(config.at_a_time);
  std::size_t gone = 0;
  co_await host.transact(0, [&](Session& session) {
    gone = options.dry_run ? session.scan(places, range, std::array<std::size_t, 1>{0}, most).size()
                           : session.erase(places, range, most);
  });
  std::cout << gone << '\n';
  if (options.dry_run) co_return 0;
  OutgoingMessage note{"trims." + options.reason, fmt::format("{}", gone)};
  co_await host.publisher().publish(std::move(note));
  if (gone == most) host.log().warning("there may be more than {}", most);
  co_return gone == most ? 3 : 0;
}

constexpr std::array commands{command<Keeper, trim>("trim", "Delete the places of old messages")};

}  // namespace

HANGAR_PLUGIN(service_plugin<Keeper>("keeper", "1.0.0", "Keeps places", commands, "places"));
