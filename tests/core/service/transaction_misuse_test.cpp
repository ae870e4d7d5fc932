// What a service does wrong within a transaction, on a thread of the storage.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "service/service_bench.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

/// What became of messages, and on which thread.
struct Answers {
  std::vector<std::string> given;
  bool elsewhere = false;
  const std::thread::id home = std::this_thread::get_id();

  void add(std::string answer) {
    elsewhere = elsewhere || std::this_thread::get_id() != home;
    given.push_back(std::move(answer));
  }
};

Message message(Answers& answers) {
  struct Delivery final : Message::Delivery {
    explicit Delivery(Answers& to) : answers{to} {}
    void ack() noexcept override { answers.add("ack"); }
    void nak(std::chrono::milliseconds) noexcept override { answers.add("nak"); }
    void drop_data(std::size_t) noexcept override { answers.add("drop_data"); }
    [[nodiscard]] std::optional<std::string_view> header(const char*) const override { return {}; }
    Answers& answers;
  };
  Message::Content content;
  content.data = "event";
  return {content, std::make_unique<Delivery>(answers)};
}

Needs one_table() { return {.tables = {&things}}; }

asio::awaitable<std::string> fault_within(Context& context, std::function<void(Session&)> work) {
  std::string said;
  try {
    co_await context.transact(0, std::move(work));
  } catch (const std::logic_error& error) {
    said = error.what();
  }
  co_return said;
}

TEST(TransactionMisuse, message_is_not_answered_before_everything_is_durable) {
  ServiceBench bench{
      [](Context& context) -> asio::awaitable<void> {
        Answers answers;
        Message read = message(answers);
        const std::vector<std::pair<std::string, std::function<void(Session&)>>> calls{
            {"Message::ack", [&](Session&) { read.ack(); }},
            {"Message::nak", [&](Session&) { read.nak(); }},
            {"Message::drop_data", [&](Session&) { read.drop_data(1); }}};
        for (const auto& [name, call] : calls) {
          const std::string said = co_await fault_within(context, call);
          EXPECT_TRUE(said.starts_with(name + " is called within a transaction")) << said;
        }
        EXPECT_EQ(read.data(), "event");
        EXPECT_EQ(answers.given, std::vector<std::string>{});
        read.ack();
        EXPECT_EQ(answers.given, std::vector<std::string>{"ack"});
      },
      one_table()};
  bench.run(bench.service->start());
}

TEST(TransactionMisuse, message_that_is_destroyed_goes_back_when_the_transaction_has_ended) {
  ServiceBench bench{[](Context& context) -> asio::awaitable<void> {
                       Answers answers;
                       std::optional<Message> read{message(answers)};
                       std::size_t within = 1;
                       const auto destroy = [&](Session&) {
                         read.reset();
                         within = answers.given.size();
                       };
                       co_await context.transact(0, destroy);
                       EXPECT_EQ(within, 0U);
                       EXPECT_EQ(answers.given, std::vector<std::string>{"nak"});
                       EXPECT_FALSE(answers.elsewhere);
                     },
                     one_table()};
  bench.run(bench.service->start());
}

TEST(TransactionMisuse, undeclared_table_that_is_absent_ends_it) {
  const Table other{.name = "other", .columns = {{"id", ColumnType::uuid, false}}};
  ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
                       const auto look = [&](Session& session) {
                         session.find(things, {}, {}, Lock::none);
                         session.find(other, {}, {}, Lock::none);
                       };
                       co_await context.transact(0, look);
                     },
                     one_table()};
  bench.run(bench.service->start());
  bench.storage.absent = "other";
  try {
    bench.run(bench.service->start());
    ADD_FAILURE() << "the service went on";
  } catch (const ConfigError& error) {
    EXPECT_TRUE(std::string_view{error.what()}.starts_with("there is no table other; "))
        << error.what();
  }
}

}  // namespace
}  // namespace hangar::test
