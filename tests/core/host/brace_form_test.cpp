// What an author writes first: the arguments of a public coroutine in braces. Under g++ 12 an
// aggregate made so is destroyed twice, which the sanitized builds see at once.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "hangar/service.hpp"
#include "hangar/storage.hpp"

namespace asio = boost::asio;

namespace hangar {
namespace {

// What g++ 12 would destroy twice does not compile.
template <class F>
constexpr bool goes_in = std::is_convertible_v<F, Callable<void(Session&)>>;
struct ByReference {
  void operator()(Session&) const {}
  int& count;
};
struct ByValue {
  void operator()(Session&) const {}
  std::string text;
};
static_assert(goes_in<ByReference> && goes_in<ByValue&> && goes_in<const ByValue&>);
static_assert(goes_in<std::function<void(Session&)>>);
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 14
static_assert(!goes_in<ByValue>);
#else
static_assert(goes_in<ByValue>);
#endif

struct Heard {
  std::vector<Rejection> rejections;
  std::vector<OutgoingMessage> published;
  std::size_t answered = 0;
  std::size_t transactions = 0;
  std::vector<std::string> leases;
  std::vector<std::string> filter;
  bool worked = false;
  std::string reread{};
  bool visited = false;
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

class HearingPublisher final : public Publisher {
 public:
  explicit HearingPublisher(Heard& heard) : heard_{heard} {}
  asio::awaitable<PubAck> publish(OutgoingMessage message) override {
    heard_.published.push_back(std::move(message));
    co_return PubAck{};
  }
  asio::awaitable<void> enqueue(OutgoingMessage message) override {
    heard_.published.push_back(std::move(message));
    co_return;
  }
  asio::awaitable<void> enqueue(OutgoingMessage message, Answered answered) override {
    heard_.published.push_back(std::move(message));
    answered(nullptr, heard_.published.back());
    co_return;
  }
  asio::awaitable<void> flush() override { co_return; }

 private:
  Heard& heard_;
};

class HearingConsumer final : public Consumer {
 public:
  explicit HearingConsumer(Heard& heard) : heard_{heard} {}
  asio::awaitable<ConsumerPosition> info() override { co_return ConsumerPosition{}; }
  asio::awaitable<void> filter(std::vector<std::string> subjects) override {
    heard_.filter = std::move(subjects);
    co_return;
  }

 private:
  Heard& heard_;
};

class HeldLease final : public Lease {
 public:
  [[nodiscard]] bool held() const noexcept override { return true; }
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
  asio::awaitable<void> stopped() override { co_return; }
  asio::awaitable<bool> stopped_within(std::chrono::milliseconds most) override {
    co_return most.count() > 0;
  }
  Source& source(std::string_view) override { return source_; }
  asio::awaitable<bool> reread(std::string live, std::uint64_t,
                               Callable<asio::awaitable<bool>(const Message&)> visit) override {
    heard_.reread = std::move(live);
    const Message message;
    co_return co_await visit(message);
  }
  Publisher& publisher() override { return publisher_; }
  Consumer& consumer(std::string_view) override { return consumer_; }
  asio::awaitable<void> every(std::string lease, std::chrono::milliseconds,
                              Callable<asio::awaitable<void>(const Lease&)> work) override {
    heard_.leases.push_back(std::move(lease));
    const HeldLease held;
    co_await work(held);
  }
  Listener& listener(std::string_view) override { std::terminate(); }
  [[nodiscard]] std::size_t lanes() const noexcept override { return 1; }
  [[nodiscard]] StorageLimits storage_limits() const override { return {}; }
  asio::awaitable<void> transact(std::size_t, Callable<void(Session&)> work) override {
    if (work) ++heard_.transactions;
    co_return;
  }

 private:
  asio::any_io_executor executor_;
  Heard& heard_;
  HearingSource source_{heard_};
  HearingPublisher publisher_{heard_};
  HearingConsumer consumer_{heard_};
};

// Longer than what a std::string holds without the heap.
const std::string reason = "a_reason_of_more_than_fifteen_letters";
const std::string error = "A sentence of more than fifteen letters.";

asio::awaitable<void> transactions(Context& context) {
  co_await context.transact(0, {[](Session&) {}});
  std::string name;
  co_await context.transact(0, [&name](Session&) { name = reason; });
  const auto by_value = [kept = std::string{reason}](Session&) {
    if (kept != reason) throw std::logic_error{kept};
  };
  co_await context.transact(0, by_value);
}

// Inlined, g++ 12 warns of a mismatched delete that is none.
[[gnu::noinline]] asio::awaitable<void> author(Context& context, Heard& heard) {
  co_await context.stopped_within({});
  co_await transactions(context);
  Source& source = context.source();
  Batch batch = co_await source.next(1, {});
  co_await source.reject({}, {reason, error});
  co_await source.reject({}, {reason, error, "/payload/of/the/author", "23514"});
  Message message;
  co_await source.reject(std::move(message), {});
  co_await context.reread({"live source of the author's service"}, 1,
                          {[&heard](const Message&) -> asio::awaitable<bool> {
                            heard.visited = true;
                            co_return false;
                          }});
  Publisher& publisher = context.publisher();
  co_await publisher.publish({"subject.of.the.author", "body of the author's message"});
  co_await publisher.enqueue({"subject.of.the.author", "body of the author's message", reason});
  co_await publisher.enqueue(
      {"subject.of.the.author", "body of the author's message", reason},
      [&heard](const std::exception_ptr&, const OutgoingMessage&) { ++heard.answered; });
  Consumer& consumer = context.consumer("durable");
  std::vector<std::string> subjects{reason, error};  // In braces g++ 12 compiles none.
  co_await consumer.filter(std::move(subjects));
  co_await context.every({"lease of the author's service"}, {},
                         {[&heard](const Lease& lease) -> asio::awaitable<void> {
                           heard.worked = lease.held();
                           co_return;
                         }});
}

TEST(BraceForm, every_public_coroutine_takes_its_arguments_in_braces) {
  asio::io_context io;
  Heard heard;
  HearingContext context{io.get_executor(), heard};
  asio::co_spawn(io, author(context, heard),
                 [](const std::exception_ptr& failure) { EXPECT_FALSE(failure); });
  io.run();
  ASSERT_EQ(heard.rejections.size(), 3U);
  EXPECT_EQ(heard.rejections[0].reason, reason);
  EXPECT_EQ(heard.rejections[0].error, error);
  EXPECT_EQ(heard.rejections[1].pointer, "/payload/of/the/author");
  EXPECT_EQ(heard.rejections[1].sqlstate, "23514");
  EXPECT_EQ(heard.rejections[2].reason, "");
  ASSERT_EQ(heard.published.size(), 3U);
  EXPECT_EQ(heard.answered, 1U);
  EXPECT_EQ(heard.published[0].subject(), "subject.of.the.author");
  EXPECT_TRUE(heard.published[0].headers().empty());
  EXPECT_EQ(heard.published[1].headers().at(0).second, reason);
  EXPECT_EQ(heard.transactions, 3U);
  EXPECT_EQ(heard.filter, (std::vector<std::string>{reason, error}));
  ASSERT_EQ(heard.leases.size(), 1U);
  EXPECT_EQ(heard.leases[0], "lease of the author's service");
  EXPECT_TRUE(heard.worked);
  EXPECT_EQ(heard.reread, "live source of the author's service");
  EXPECT_TRUE(heard.visited);
}

}  // namespace
}  // namespace hangar
