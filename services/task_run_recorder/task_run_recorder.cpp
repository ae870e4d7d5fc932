#include <array>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "event_decoder.hpp"
#include "hangar/batch_writer.hpp"
#include "hangar/service.hpp"
#include "recorder_config.hpp"
#include "recording.hpp"

namespace hangar::recorder {

/// Prefect's recorder of task-run events. README.md beside this file states its guarantees.
class TaskRunRecorder final : public Service {
 public:
  using Config = RecorderConfig;

  TaskRunRecorder(Context& context, Config config)
      : context_{context},
        config_{std::move(config)},
        decoder_{config_.event_limits.limits()},
        target_{context.metrics()},
        writer_{context_, context_.source(), limits()} {
    decoder_.fit(context_.storage_limits());
  }

  static Needs needs(const Config& config) {
    return {.tables = {&task_run_table(), &task_run_state_table()},
            .lanes = static_cast<std::size_t>(config.lanes),
            .reads = {config.source()}};
  }

  boost::asio::awaitable<void> run() override {
    co_await writer_.run([this](const Message& message,
                                ItemMemory& memory) { return decoder_.item(message, memory); },
                         target_);
  }

 private:
  [[nodiscard]] BatchLimits limits() const {
    const auto retries = context_.max_persist_retries();
    return {.batch_size = static_cast<std::size_t>(config_.batch_size),
            .flush_interval = config_.flush_interval,
            .retries_alone = static_cast<std::size_t>(retries ? std::int64_t{*retries}
                                                              : config_.max_persist_retries),
            .orphan_retry_delays = config_.orphan_retry_delays};
  }

  Context& context_;
  Config config_;
  EventDecoder decoder_;
  RecorderTarget target_;
  BatchWriter<PackedEvent> writer_;
};

}  // namespace hangar::recorder

HANGAR_PLUGIN(hangar::service_plugin<hangar::recorder::TaskRunRecorder>(
    "task_run_recorder", "1.0.0", "Records Prefect's task-run events as task runs and states"));
