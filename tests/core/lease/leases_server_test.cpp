#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "lease/lease_stream.hpp"
#include "lease/leases.hpp"
#include "metrics/service_metrics.hpp"
#include "nats_test.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar::test {
namespace {

using namespace std::chrono_literals;

class LeasesTest : public NatsTest {
 protected:
  /// One host, whose work counts how often it was run.
  struct TestHost {
    std::shared_ptr<Leases> leases;
    int runs = 0;
    bool held = false;
    bool returned = false;
  };

  std::shared_ptr<Leases> leases() {
    return Leases::start(io_.get_executor(), config(), "author", log_, metrics_);
  }

  asio::awaitable<std::shared_ptr<TestHost>> host(std::chrono::milliseconds period,
                                                  bool fails = false) {
    const auto made = std::make_shared<TestHost>();
    made->leases = leases();
    co_await made->leases->open();
    const auto work = [made, fails](const Lease& lease) -> asio::awaitable<void> {
      ++made->runs;
      made->held = lease.held();
      if (fails) throw std::runtime_error{"it is broken"};
      co_return;
    };
    asio::co_spawn(
        io_,
        [made, period, work]() -> asio::awaitable<void> {
          co_await made->leases->every("work", period, work);
          made->returned = true;
        },
        asio::detached);
    co_return made;
  }

  asio::awaitable<void> until_true(std::function<bool()> holds) {
    co_await until([&holds]() -> asio::awaitable<bool> { co_return holds(); });
  }

  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  ServiceMetrics metrics_{registry_, "author"};
};

TEST_F(LeasesTest, one_of_two_hosts_works_and_gives_the_work_to_the_other_when_it_stops) {
  run([this]() -> asio::awaitable<void> {
    const auto first = co_await host(50ms);
    co_await until_true([&first] { return first->runs >= 2; });
    const auto second = co_await host(3s);
    co_await until_true([&first, from = first->runs] { return first->runs >= from + 30; });
    EXPECT_EQ(second->runs, 0) << "after more than a length of the lease";
    EXPECT_TRUE(first->held);
    EXPECT_EQ((co_await stream(lease_stream)).messages, 1U);

    first->leases->stop();
    co_await until_true([&first] { return first->returned; });
    co_await until_true([&second] { return second->runs >= 1; });
    co_await first->leases->close();
    co_await second->leases->close();
    EXPECT_TRUE(second->returned);
    json::object last{{"last_by_subj", "hangar.lease.author.work"}};
    const JetStreamAnswer left =
        co_await api(std::string{"STREAM.MSG.GET."} + lease_stream, std::move(last));
    EXPECT_TRUE(left.ok());
    EXPECT_FALSE(left.body.at("message").as_object().contains("data")) << "it was not given back";
  }());
}

TEST_F(LeasesTest, host_that_is_silent_loses_it_after_its_length) {
  run([this]() -> asio::awaitable<void> {
    const auto second = co_await host(1s);
    co_await until_true([&second] { return second->runs >= 1; });
    const auto then = std::chrono::steady_clock::now();
    // What a host leaves that was killed.
    co_await publish_one("hangar.lease.author.work", "another host that is gone");
    co_await until_true([this] { return log_.contains("holds the lease 'work' no more"); });
    const int before = second->runs;
    co_await until_true([&second, before] { return second->runs > before; });
    EXPECT_GE(std::chrono::steady_clock::now() - then, 1s) << "the other's term was cut off";
    co_await second->leases->close();
  }());
}

TEST_F(LeasesTest, work_that_fails_is_told_counted_and_run_again) {
  run([this]() -> asio::awaitable<void> {
    const auto failing = co_await host(20ms, true);
    co_await until_true([&failing] { return failing->runs >= 3; });
    EXPECT_TRUE(log_.contains("the work of the lease 'work' failed: it is broken")) << log_.text();
    co_await failing->leases->close();
    double failed = 0;
    for (const auto& family : registry_->Collect()) {
      if (family.name != "hangar_lease_runs_total") continue;
      for (const auto& metric : family.metric) {
        const auto is_failed = [](const auto& label) { return label.value == "failed"; };
        if (std::ranges::any_of(metric.label, is_failed)) failed += metric.counter.value;
      }
    }
    EXPECT_EQ(failed, failing->runs);
  }());
}

TEST_F(LeasesTest, work_goes_on_after_the_server_was_killed_and_lost_the_stream) {
  run([this]() -> asio::awaitable<void> {
    const auto one = co_await host(50ms);
    co_await until_true([&one] { return one->runs >= 1; });
    ::kill(server_.pid(), SIGKILL);
    co_await until_true([&one, from = one->runs] { return one->runs >= from + 30; });
    EXPECT_TRUE((co_await api(std::string{"STREAM.DELETE."} + lease_stream)).ok());
    co_await until_true([&one, from = one->runs] { return one->runs >= from + 30; });
    co_await one->leases->close();
  }());
}

TEST_F(LeasesTest, lease_that_is_in_use_is_the_authors_fault) {
  run([this]() -> asio::awaitable<void> {
    const auto one = co_await host(50ms);
    co_await until_true([&one] { return one->runs >= 1; });
    bool refused = false;
    try {
      co_await one->leases->every("work", 1s,
                                  [](const Lease&) -> asio::awaitable<void> { co_return; });
    } catch (const std::logic_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    co_await one->leases->close();
  }());
}

}  // namespace
}  // namespace hangar::test
