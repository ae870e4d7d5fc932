#include <boost/json.hpp>
#include <iostream>

#include "hangar/service.hpp"
class EventLogger final : public hangar::Service {
 public:
  struct Config : hangar::ServiceConfig {
    std::string format = "text";
    Config() { enabled = false, durable = "events-event-logger"; }
    void fields(hangar::Fields& fields) {
      ServiceConfig::fields(fields);
      fields.add("format", &format, "How an event is printed").one_of({"text", "json"});
    }
  };
  EventLogger(hangar::Context& host, const Config& set) : context_{host}, config_{set} {}
  boost::asio::awaitable<void> run() override {
    const auto source = co_await context_.open_source(config_.source());
    while (true) {
      auto batch = co_await source->next(config_.source().batch_size, config_.flush_interval);
      if (batch.empty()) co_return;
      for (const auto& message : batch) std::cout << line(message.data()) << '\n';
      if (!std::cout.flush()) throw hangar::Error{"standard output cannot be written"};
      batch.ack();  // Last: what was not acknowledged is delivered again.
    }
  }

 private:
  std::string line(std::string_view data) const {
    boost::system::error_code bad;
    const auto event = boost::json::parse(data, bad);
    if (bad || config_.format == "json") return serialize(bad ? boost::json::value(data) : event);
    std::string text = "Event:";
    for (const char* member : {"/id", "/occurred", "/event", "/resource/prefect.resource.id"})
      if (const auto* value = event.find_pointer(member, bad)) text += ' ' + serialize(*value);
    return text;
  }
  hangar::Context& context_;
  Config config_;
};
HANGAR_PLUGIN(hangar::service_plugin<EventLogger>("event_logger", "1.0.0", "Prints each event"));
