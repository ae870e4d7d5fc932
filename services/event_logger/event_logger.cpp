#include <boost/json.hpp>
#include <iostream>

#include "hangar/service.hpp"
class EventLogger final : public hangar::Service {
 public:
  struct Config : hangar::ReaderConfig {
    std::string format = "text";
    Config() : ReaderConfig{"PREFECT_EVENTS", "prefect.events.>", "events-event-logger"} {
      enabled = false;
    }
    void fields(hangar::Fields& fields) {
      ReaderConfig::fields(fields);
      fields.add("format", &format, "How an event is printed").one_of({"text", "json"});
    }
  };
  EventLogger(hangar::Context& host, const Config& set) : source_{host.source()}, config_{set} {}
  boost::asio::awaitable<void> run() override {
    for (hangar::Batch batch;; batch.ack()) {  // Last: what was not acked is delivered again.
      batch = co_await source_.next(config_.source().batch_size, config_.flush_interval);
      if (batch.empty()) co_return;
      for (const auto& message : batch) std::cout << line(message.data()) << '\n';
      if (!std::cout.flush()) throw hangar::Error{"standard output cannot be written"};
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
  hangar::Source& source_;
  Config config_;
};
HANGAR_PLUGIN(hangar::service_plugin<EventLogger>("event_logger", "1.0.0", "Prints each event"));
