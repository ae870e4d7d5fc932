// What an author writes first: the arguments of a public coroutine in braces. Under g++ 12 an
// aggregate made so is destroyed twice, which the sanitized builds see at once.
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "hangar/service.hpp"
#include "hangar/storage.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

struct Heard {
  std::vector<Rejection> rejections;
  std::vector<SourceOptions> opened;
  std::size_t transactions = 0;
};

class HearingSource final : public Source {
 public:
  explicit HearingSource(Heard& heard) : heard_{heard} {}
  asio::awaitable<Batch> next(std::size_t, std::chrono::milliseconds) override {
    co_return Batch{};
  }
  asio::awaitable<void> reject(Message, Rejection why) override {
    heard_.rejections.push_back(std::move(why));
    co_return;
  }

 private:
  Heard& heard_;
};

class HearingContext final : public Context {
 public:
  HearingContext(asio::any_io_executor executor, Heard& heard)
      : executor_{std::move(executor)}, heard_{heard} {}
  [[nodiscard]] std::string_view service() const noexcept override { return "author"; }
  [[nodiscard]] asio::any_io_executor executor() const override { return executor_; }
  [[nodiscard]] Log& log() const noexcept override { std::terminate(); }
  [[nodiscard]] Metrics& metrics() const noexcept override { std::terminate(); }
  [[nodiscard]] bool stopping() const noexcept override { return false; }
  [[nodiscard]] std::optional<int> max_persist_retries() const noexcept override { return {}; }
  void not_ready(std::string) override {}
  asio::awaitable<std::shared_ptr<Source>> open_source(SourceOptions options) override {
    heard_.opened.push_back(std::move(options));
    co_return std::make_shared<HearingSource>(heard_);
  }
  asio::awaitable<std::size_t> open_storage(std::span<const Table* const>,
                                            std::size_t lanes) override {
    co_return lanes;
  }
  [[nodiscard]] StorageLimits storage_limits() const override { return {}; }
  asio::awaitable<void> transact(std::size_t, std::function<void(Session&)> work) override {
    if (work) ++heard_.transactions;
    co_return;
  }

 private:
  asio::any_io_executor executor_;
  Heard& heard_;
};

// Longer than what a std::string holds without the heap.
const std::string reason = "a_reason_of_more_than_fifteen_letters";
const std::string error = "A sentence of more than fifteen letters.";

asio::awaitable<void> author(Context& context) {
  Table table;
  table.name = "item";
  table.columns.push_back({"id", ColumnType::uuid, false});
  const auto source = co_await context.open_source(
      {"STREAM_OF_THE_AUTHOR", "subjects.of.the.author.>", "durable-of-the-author"});
  co_await context.open_storage(std::array{&table}, 2);
  co_await context.transact(0, {[](Session&) {}});
  co_await context.transact(0, [&table](Session&) { table.name = reason; });
  const auto by_value = [kept = std::string{reason}](Session&) {
    if (kept != reason) throw std::logic_error{kept};
  };
  co_await context.transact(0, by_value);
  Batch batch = co_await source->next(1, {});
  co_await source->reject({}, {reason, error});
  co_await source->reject({}, {reason, error, "/payload/of/the/author", "23514"});
  Message message;
  co_await source->reject(std::move(message), {});
}

TEST(BraceForm, every_public_coroutine_takes_its_arguments_in_braces) {
  asio::io_context io;
  Heard heard;
  HearingContext context{io.get_executor(), heard};
  asio::co_spawn(io, author(context),
                 [](const std::exception_ptr& failure) { EXPECT_FALSE(failure); });
  io.run();
  ASSERT_EQ(heard.opened.size(), 1U);
  EXPECT_EQ(heard.opened[0].stream, "STREAM_OF_THE_AUTHOR");
  EXPECT_EQ(heard.opened[0].filter_subject, "subjects.of.the.author.>");
  EXPECT_EQ(heard.opened[0].durable, "durable-of-the-author");
  EXPECT_EQ(heard.opened[0].batch_size, 1000U);
  ASSERT_EQ(heard.rejections.size(), 3U);
  EXPECT_EQ(heard.rejections[0].reason, reason);
  EXPECT_EQ(heard.rejections[0].error, error);
  EXPECT_EQ(heard.rejections[1].pointer, "/payload/of/the/author");
  EXPECT_EQ(heard.rejections[1].sqlstate, "23514");
  EXPECT_EQ(heard.rejections[2].reason, "");
  EXPECT_EQ(heard.transactions, 3U);
}

}  // namespace
}  // namespace hangar
