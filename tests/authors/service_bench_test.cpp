// What hangar::testing promises to the tests of services.
#include "hangar/testing/service_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "hangar/service.hpp"

namespace hangar {
namespace {

using namespace std::chrono_literals;

/// Copies messages; gives the first delivery of each `late` one back, and fails at `wrong`.
class Copier final : public Service {
 public:
  struct Config : ReaderConfig {
    Duration period{1000};
    Config() : ReaderConfig{"ORIGINALS", "originals.>", "copier"} {}
    void fields(Fields& fields) {
      ReaderConfig::fields(fields);
      fields.group("beat", "").add("period", &period, "");
    }
  };
  static Needs needs(const Config& config) {
    return {.publishes = {{"COPIES", "copies.>"}}, .reads = {config.source()}, .leases = {"beat"}};
  }
  Copier(Context& context, Config config) : context_{context}, config_{std::move(config)} {}

  boost::asio::awaitable<void> run() override { co_await together(copy(), beat()); }

 private:
  boost::asio::awaitable<void> copy() {
    while (true) {
      Batch batch = co_await context_.source().next(2, 0ms);
      if (batch.empty()) co_return;
      for (Message& message : batch) {
        if (message.data() == "wrong") throw std::runtime_error{"it is wrong"};
        if (message.data() == "late" && message.deliveries() == 1) {
          message.nak();
          continue;
        }
        co_await context_.publisher().publish({"copies.all", std::string{message.data()}});
        message.ack();
      }
    }
  }
  boost::asio::awaitable<void> beat() {
    const auto work = [this](const Lease&) -> boost::asio::awaitable<void> {
      context_.log().info("beat");
      co_return;
    };
    co_await context_.every("beat", config_.period, work);
  }

  Context& context_;
  Config config_;
};

constexpr Plugin copier = service_plugin<Copier>("copier", "1.0.0", "Copies");

using Positions = std::vector<std::uint64_t>;

TEST(ServiceBench, what_is_given_back_comes_again_behind_the_others) {
  testing::ServiceBench bench{copier};
  for (const char* text : {"late", "one", "two"}) bench.source().add(text);
  bench.run();
  EXPECT_EQ(bench.source().given_back(), Positions{1});
  EXPECT_EQ(bench.source().acked(), (Positions{2, 3, 1}));
  std::string copies;
  for (const OutgoingMessage& message : bench.published()) copies += message.body() + ' ';
  EXPECT_EQ(copies, "one two late ");
}

TEST(ServiceBench, time_passes_when_the_test_says_so) {
  testing::ServiceBench bench{copier};
  bench.set("beat.period", Duration{500});
  bench.start();
  EXPECT_EQ(bench.log().size(), 1U);
  bench.advance(499ms);
  EXPECT_EQ(bench.log().size(), 1U);
  bench.advance(1ms);
  EXPECT_EQ(bench.log().size(), 2U);
  bench.source().add("one");
  bench.advance(0ms);
  EXPECT_EQ(bench.published().size(), 1U);
  bench.stop();
  bench.start();
  EXPECT_EQ(bench.log().size(), 3U);
}

TEST(ServiceBench, what_a_service_throws_is_thrown_and_its_messages_go_back) {
  testing::ServiceBench bench{copier};
  bench.source().add("wrong");
  EXPECT_THROW(bench.run(), std::runtime_error);
  EXPECT_EQ(bench.source().acked(), Positions{});
  EXPECT_EQ(bench.source().given_back(), Positions{1});
}

TEST(ServiceBench, what_the_service_has_not_is_refused) {
  testing::ServiceBench bench{copier};
  EXPECT_THROW(bench.set("batch", 1), std::invalid_argument);
  EXPECT_THROW(bench.set("batch_size", "many"), std::invalid_argument);
  EXPECT_THROW(bench.source("other"), std::logic_error);
  EXPECT_THROW(static_cast<void>(bench.rows("none")), std::logic_error);
  EXPECT_THROW(static_cast<void>(bench.metric("none")), std::out_of_range);
}

}  // namespace
}  // namespace hangar
