// A service with one fault, as `services.faulty_service.fault` says.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "hangar/service.hpp"

namespace {

using namespace std::chrono_literals;
constexpr auto for_ever = 1h;

class FaultyService final : public hangar::Service {
 public:
  struct Config : hangar::ReaderConfig {
    std::string fault;
    Config() : ReaderConfig{"PREFECT_EVENTS", "prefect.events.>", "faulty"} { enabled = false; }
    void fields(hangar::Fields& fields) {
      ReaderConfig::fields(fields);
      fields.add("fault", &fault, "What it does wrong");
    }
  };

  static hangar::Needs needs(const Config& config) {
    if (config.fault == "needs_throw") throw std::runtime_error{"it knows no needs"};
    if (config.fault == "needs_a_null_table") return {.tables = {nullptr}};
    return {.reads = {config.source()}};
  }
  FaultyService(hangar::Context& host, const Config& set) : context_{host}, config_{set} {
    if (config_.fault == "throws_when_made") throw std::runtime_error{"not made"};
  }

  boost::asio::awaitable<void> run() override {
    if (config_.fault == "throws") throw std::runtime_error{"it broke"};
    if (config_.fault == "throws_no_exception") throw 42;  // NOLINT: that is the fault
    if (config_.fault == "leaves_a_thread") {
      std::thread{[] { std::this_thread::sleep_for(for_ever); }}.detach();
    }
    if (config_.fault == "never_stops") {
      boost::asio::steady_timer timer{context_.executor(), for_ever};
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    if (config_.fault == "keeps_the_loop") {
      context_.log().info("keeps the loop");
      std::this_thread::sleep_for(for_ever);
    }
    while (true) {
      const auto batch = co_await context_.source().next(1, 0ms);
      if (batch.empty()) co_return;
      if (config_.fault == "throws_with_a_message") throw std::runtime_error{"it broke"};
    }
  }

 private:
  hangar::Context& context_;
  Config config_;
};

}  // namespace

HANGAR_PLUGIN(hangar::service_plugin<FaultyService>("faulty_service", "1.0.0", "Fails"));
