#include "async/host_addresses.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "async/silent_names.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

using namespace std::chrono_literals;
using Found = HostAddresses::Found;

class HostAddressesTest : public testing::Test {
 protected:
  std::future<Found> begin_find(std::chrono::milliseconds within) {
    return asio::co_spawn(
        io_,
        [this, within]() -> asio::awaitable<Found> {
          co_return co_await addresses_->find(within, given_up_);
        },
        asio::use_future);
  }
  void run() {
    io_.restart();
    io_.run();
  }
  Found find(std::chrono::milliseconds within = 1h) {
    auto found = begin_find(within);
    run();
    return found.get();
  }
  static Found at(const std::string& address) {
    return {{}, {{asio::ip::make_address(address), 80}}};
  }

  asio::io_context io_;
  test::SilentNames names_;
  bool given_up_ = false;
  std::unique_ptr<HostAddresses> addresses_ =
      std::make_unique<HostAddresses>(io_.get_executor(), "api.test", "80", names_.look_up());
};

TEST_F(HostAddressesTest, one_look_up_is_for_all_that_wait) {
  auto one = begin_find(1h);
  auto other = begin_find(1h);
  names_.answer(at("192.0.2.1"));
  run();
  EXPECT_EQ(one.get().endpoints, at("192.0.2.1").endpoints);
  EXPECT_EQ(other.get().endpoints, at("192.0.2.1").endpoints);
  EXPECT_EQ(names_.questions(), 1);
}

TEST_F(HostAddressesTest, what_was_found_is_kept_until_it_is_doubted) {
  names_.answer(at("192.0.2.1"));
  names_.answer(at("192.0.2.2"));
  find();
  EXPECT_EQ(find().endpoints, at("192.0.2.1").endpoints);
  addresses_->doubt();
  EXPECT_EQ(find().endpoints, at("192.0.2.2").endpoints);
}

TEST_F(HostAddressesTest, nobody_waits_longer_than_he_wants) {
  EXPECT_EQ(find(20ms).failed, asio::error::host_not_found_try_again);
  EXPECT_EQ(find(20ms).failed, asio::error::host_not_found_try_again);
  EXPECT_EQ(names_.questions(), 1);  // Which is still open.
}

TEST_F(HostAddressesTest, what_is_given_up_ends_at_once) {
  auto found = begin_find(1h);
  asio::post(io_, [this] {
    given_up_ = true;
    addresses_->wake();
  });
  run();
  EXPECT_TRUE(found.get().endpoints.empty());
}

TEST_F(HostAddressesTest, known_addresses_are_used_when_the_name_cannot_be_looked_up) {
  names_.answer(at("192.0.2.1"));
  find();
  names_.answer({asio::error::host_not_found_try_again, {}});
  addresses_->doubt();
  EXPECT_EQ(find().endpoints, at("192.0.2.1").endpoints);
  addresses_->doubt();
  EXPECT_EQ(find().endpoints, at("192.0.2.1").endpoints);  // Nobody answers.
  EXPECT_EQ(names_.questions(), 3);
}

TEST_F(HostAddressesTest, name_that_is_no_more_has_no_addresses) {
  names_.answer(at("192.0.2.1"));
  find();
  names_.answer({asio::error::host_not_found, {}});
  addresses_->doubt();
  const Found found = find();
  EXPECT_EQ(found.failed, asio::error::host_not_found);
  EXPECT_TRUE(found.endpoints.empty());
}

TEST_F(HostAddressesTest, address_is_not_looked_up) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    addresses_ =
        std::make_unique<HostAddresses>(io_.get_executor(), address, "80", names_.look_up());
    addresses_->doubt();
    EXPECT_EQ(find().endpoints, at(address).endpoints);
  }
  EXPECT_EQ(names_.questions(), 0);
}

TEST_F(HostAddressesTest, system_knows_this_host) {
  const Found found = HostAddresses::look_up("localhost", "80");
  EXPECT_FALSE(found.failed) << found.failed.message();
  EXPECT_FALSE(found.endpoints.empty());
}

TEST_F(HostAddressesTest, answer_may_come_when_nobody_is_there) {
  EXPECT_TRUE(find(20ms).endpoints.empty());
  addresses_.reset();
  names_.answer(at("192.0.2.1"));
  run();
}

}  // namespace
}  // namespace hangar
