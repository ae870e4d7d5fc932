// Narrows the filter of somebody else's consumer, whenever a person has widened it, on one of all
// hosts.
#include "hangar/service.hpp"

namespace {

class Narrower final : public hangar::Service {
 public:
  struct Config : hangar::ServiceConfig {
    std::string stream = "EVENTS";
    std::string durable = "triggers";
    std::string subject = "events.other";
    hangar::Duration every{1000};
    void fields(hangar::Fields& fields) {
      ServiceConfig::fields(fields);
      fields.add("stream", &stream, "Stream of the consumer");
      fields.add("durable", &durable, "Name of the consumer");
      fields.add("subject", &subject, "What it is to deliver");
      fields.add("every", &every, "Time between two looks").range(1, 3'600'000);
    }
  };
  static hangar::Needs needs(const Config& config) {
    return {.steers = {{config.stream, config.durable}}, .leases = {"narrow"}};
  }
  Narrower(hangar::Context& host, const Config& set) : context_{host}, config_{set} {}

  boost::asio::awaitable<void> run() override {
    co_await context_.every("narrow", config_.every,
                            [this](const hangar::Lease& lease) { return narrow(lease); });
  }

 private:
  boost::asio::awaitable<void> narrow(const hangar::Lease& lease) {
    hangar::Consumer& consumer = context_.consumer(config_.durable);
    const hangar::ConsumerPosition position = co_await consumer.info();
    const std::vector<std::string> wanted{config_.subject};
    if (position.filter_subjects == wanted || !lease.held()) co_return;
    co_await consumer.filter(wanted);
    context_.log().info("narrowed: {} wait", position.pending);
  }
  hangar::Context& context_;
  Config config_;
};

}  // namespace

HANGAR_PLUGIN(hangar::service_plugin<Narrower>("narrower", "1.0.0", "Narrows a consumer"));
