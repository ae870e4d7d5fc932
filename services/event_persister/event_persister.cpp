#include <array>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "event_decoder.hpp"
#include "hangar/batch_writer.hpp"
#include "hangar/service.hpp"
#include "persister_config.hpp"
#include "persisting.hpp"
#include "prefect/event_tables.hpp"
#include "retention.hpp"
#include "trim_command.hpp"
#include "vacuum.hpp"

namespace hangar::persister {

namespace events = prefect::events;
using prefect::event_resources_table;
using prefect::events_table;

/// Prefect's persister of events. README.md beside this file states its guarantees.
class EventPersister final : public Service {
 public:
  using Config = PersisterConfig;

  EventPersister(Context& context, Config config)
      : context_{context},
        config_{std::move(config)},
        decoder_{config_.event_limits.limits(), names()},
        target_{context.metrics()},
        writer_{context_, context_.source(), limits()} {
    decoder_.fit(context_.storage_limits());
    if (!retention_passes(config_.vacuum).empty()) {
      vacuum_.emplace(context_, context_.lanes(), config_.vacuum);
    }
  }

  static Needs needs(const Config& config) {
    Needs needs{.tables = {&events_table(), &event_resources_table()},
                .lanes = static_cast<std::size_t>(config.lanes),
                .reads = {config.source()},
                .watches = {config.stream}};
    // Whoever stores events wants to know of all that Prefect does with them.
    if (config.stream != actions_stream) needs.watches.emplace_back(actions_stream);
    for (const RetentionPass& pass : retention_passes(config.vacuum)) {
      needs.leases = {Vacuum::lease_name};
      needs.background_lanes = 1;
      Expires& rows = needs.expires.emplace_back();
      rows = {.table = &events_table(), .column = events::occurred, .after = pass.keep};
      if (!pass.event) continue;
      rows.where = events::event;
      rows.is = *pass.event;
    }
    return needs;
  }

  boost::asio::awaitable<void> run() override {
    if (const auto filter = names().description(); !filter.empty()) {
      context_.log().info("{}", filter);
    }
    if (vacuum_) {
      co_await together(write(), delete_old());
    } else {
      co_await write();
    }
  }

 private:
  /// What automations are to do, on its way to Prefect's actions service.
  static constexpr const char* actions_stream = "PREFECT_ACTIONS";

  boost::asio::awaitable<void> write() {
    co_await writer_.run([this](const Message& message,
                                ItemMemory& memory) { return decoder_.item(message, memory); },
                         target_);
  }
  boost::asio::awaitable<void> delete_old() {
    co_await context_.every(Vacuum::lease_name, config_.vacuum.loop_seconds,
                            [this](const Lease& lease) { return vacuum_->run(lease, told_); });
  }
  [[nodiscard]] NameFilter names() const { return {config_.include, config_.exclude}; }
  [[nodiscard]] BatchLimits limits() const {
    const auto retries = context_.max_persist_retries();
    return {.batch_size = static_cast<std::size_t>(config_.batch_size),
            .flush_interval = config_.flush_interval,
            .retries_alone = static_cast<std::size_t>(retries ? std::int64_t{*retries}
                                                              : config_.max_persist_retries)};
  }

  Context& context_;
  Config config_;
  EventDecoder decoder_;
  PersisterTarget target_;
  BatchWriter<EventRows> writer_;
  std::optional<Vacuum> vacuum_;  ///< Nothing: it is switched off.
  const Vacuum::Told told_ = [this](const PassResult& pass) {
    const bool any = pass.sum.events + pass.sum.resources > 0;
    if (any || !pass.sum.done) context_.log().info("{}", pass.text());
  };
};

namespace {

constexpr std::array commands{command<EventPersister, trim_now>(
    "trim", "Delete events that are past retention, now and once")};

}  // namespace
}  // namespace hangar::persister

HANGAR_PLUGIN(hangar::service_plugin<hangar::persister::EventPersister>(
    "event_persister", "1.0.0", "Stores Prefect's events and the resources that they involve",
    hangar::persister::commands, "events"));
