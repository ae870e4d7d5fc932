// Reads nothing: says `tick` until it is stopped.
#include "hangar/service.hpp"

namespace {

class Ticker final : public hangar::Service {
 public:
  struct Config : hangar::ServiceConfig {
    hangar::Duration every{1000};
    void fields(hangar::Fields& fields) {
      ServiceConfig::fields(fields);
      fields.add("every", &every, "Time between two ticks").range(1, 60'000);
    }
  };
  Ticker(hangar::Context& host, const Config& set) : context_{host}, every_{set.every} {}

  boost::asio::awaitable<void> run() override {
    for (int tick = 1; !co_await context_.stopped_within(every_); ++tick) {
      context_.log().info("tick {}", tick);
    }
  }

 private:
  hangar::Context& context_;
  hangar::Duration every_;
};

}  // namespace

HANGAR_PLUGIN(hangar::service_plugin<Ticker>("ticker", "1.0.0", "Ticks"));
