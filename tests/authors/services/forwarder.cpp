// Publishes each message of one stream to another. The id is its place in the first, so what is
// forwarded again after a kill is stored once within the duplicate window.
#include <fmt/format.h>

#include "hangar/service.hpp"

namespace {

class Forwarder final : public hangar::Service {
 public:
  struct Config : hangar::ReaderConfig {
    std::string to = "COPIES";
    Config() : ReaderConfig{"ORIGINALS", "originals.>", "forwarder"} {}
    void fields(hangar::Fields& fields) {
      ReaderConfig::fields(fields);
      fields.add("to", &to, "Stream that it publishes to");
    }
  };
  static hangar::Needs needs(const Config& config) {
    return {.publishes = {{config.to, "copies.>"}}, .reads = {config.source()}};
  }
  Forwarder(hangar::Context& host, const Config& set)
      : source_{host.source()}, publisher_{host.publisher()}, config_{set} {}

  boost::asio::awaitable<void> run() override {
    for (hangar::Batch batch;; batch.ack()) {  // Last: all of it is stored.
      batch = co_await source_.next(config_.source().batch_size, config_.flush_interval);
      if (batch.empty()) co_return;
      for (const hangar::Message& message : batch) {
        std::string id = fmt::format("{}:{}", config_.stream, message.sequence());
        std::string subject = fmt::format("copies.{}", message.subject());
        co_await publisher_.enqueue(
            {std::move(subject), std::string{message.data()}, std::move(id)});
      }
      co_await publisher_.flush();
    }
  }

 private:
  hangar::Source& source_;
  hangar::Publisher& publisher_;
  Config config_;
};

}  // namespace

HANGAR_PLUGIN(hangar::service_plugin<Forwarder>("forwarder", "1.0.0", "Copies a stream"));
