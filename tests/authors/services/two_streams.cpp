// Reads two streams at the same time, from one coroutine each.
#include "hangar/service.hpp"

namespace {

class TwoStreams final : public hangar::Service {
 public:
  using Config = hangar::ServiceConfig;
  static hangar::Needs needs(const Config&) {
    hangar::SourceOptions left{"LEFT", "left.>", "two-streams"};
    hangar::SourceOptions right{"RIGHT", "right.>", "two-streams"};
    left.name = "left";
    right.name = "right";
    return {.reads = {left, right}};
  }
  TwoStreams(hangar::Context& host, const Config&) : context_{host} {}

  boost::asio::awaitable<void> run() override {
    co_await hangar::together(read("left"), read("right"));
  }

 private:
  boost::asio::awaitable<void> read(const char* name) {
    for (hangar::Batch batch;; batch.ack()) {
      batch = co_await context_.source(name).next(100, hangar::Duration{0});
      if (batch.empty()) co_return;
      for (const auto& message : batch) context_.log().info("{}: {}", name, message.data());
    }
  }
  hangar::Context& context_;
};

}  // namespace

HANGAR_PLUGIN(hangar::service_plugin<TwoStreams>("two_streams", "1.0.0", "Reads two streams"));
