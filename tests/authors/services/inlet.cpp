// Publishes the body of each POST, and answers 202 once the stream has it. Who got no answer sends
// it again: the id in the header X-Id makes it one message.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "hangar/service.hpp"

namespace {

class Inlet final : public hangar::Service {
 public:
  struct Config : hangar::ServiceConfig {
    std::string listen = "127.0.0.1:0";
    void fields(hangar::Fields& fields) {
      ServiceConfig::fields(fields);
      fields.add("listen", &listen, "Address that it listens on");
    }
  };
  static hangar::Needs needs(const Config& config) {
    return {.publishes = {{"INLET", "inlet.>"}}, .listens = {hangar::ListensOn{config.listen}}};
  }
  Inlet(hangar::Context& host, const Config&)
      : context_{host}, publisher_{host.publisher()}, listener_{host.listener()} {}

  boost::asio::awaitable<void> run() override {
    while (true) {
      std::shared_ptr<hangar::Exchange> exchange = co_await listener_.accept();
      if (!exchange) co_return;
      boost::asio::co_spawn(
          context_.executor(), [this, exchange] { return answer(exchange); },
          boost::asio::detached);
    }
  }

 private:
  boost::asio::awaitable<void> answer(std::shared_ptr<hangar::Exchange> exchange) {
    const std::string id{exchange->header("X-Id")};
    if (exchange->method() != "POST" || id.empty()) {
      co_await exchange->respond(400, "text/plain", "send a POST with an X-Id\n");
      co_return;
    }
    // If it throws, nothing is known to be stored: the exchange is dropped, which answers 500.
    co_await publisher_.publish({"inlet.posts", exchange->body(), id});
    co_await exchange->respond(202, {}, {});
  }

  hangar::Context& context_;
  hangar::Publisher& publisher_;
  hangar::Listener& listener_;
};

}  // namespace

HANGAR_PLUGIN(hangar::service_plugin<Inlet>("inlet", "1.0.0", "Publishes what is posted"));
