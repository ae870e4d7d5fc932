// A BatchWriter as an author should not use it, and functions that contradict themselves.
#include <gtest/gtest.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hangar/batch_writer.hpp"
#include "service/service_bench.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

using Writer = BatchWriter<int>;

std::optional<Decoded<int>> decode(const Message&, ItemMemory&) {
  return Decoded<int>{1, {1, 1, 1}};
}

std::vector<Verdict> write(Session&, Items<int> items, WriteCall&) {
  return std::vector<Verdict>(items.size());
}

/// What `run` throws of a writer of three messages.
template <class Error>
std::string failure(const std::function<asio::awaitable<void>(Writer&)>& use,
                    const BatchLimits& limits = {}, bool with_tables = true) {
  std::string said;
  Needs needs;
  if (with_tables) needs.tables.push_back(&things);
  needs.reads.emplace_back("STREAM", "subject", "durable");
  ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
                       Writer writer{context, context.source(), limits};
                       co_await use(writer);
                     },
                     needs};
  bench.messages = 3;
  try {
    bench.run(bench.service->start());
  } catch (const Error& error) {
    said = error.what();
  }
  return said;
}

TEST(BatchWriterMisuse, without_lanes_items_or_functions_it_does_not_begin) {
  const auto good = [](Writer& writer) -> asio::awaitable<void> {
    co_await writer.run(decode, write);
  };
  EXPECT_EQ(failure<std::invalid_argument>(good, {.batch_size = 0}),
            "a BatchWriter needs a batch_size of at least one item");
  EXPECT_EQ(failure<std::invalid_argument>(good, {}, false),
            "a BatchWriter has no session to write with: name the tables that it writes in the "
            "service's needs");
  EXPECT_EQ(failure<std::invalid_argument>(
                [](Writer& writer) -> asio::awaitable<void> { co_await writer.run({}, write); }),
            "a BatchWriter has nothing to decode with");
  EXPECT_EQ(failure<std::invalid_argument>([](Writer& writer) -> asio::awaitable<void> {
              const Writer::Write none;
              co_await writer.run(decode, none);
            }),
            "a BatchWriter has nothing to write with");
}

TEST(BatchWriterMisuse, it_runs_once_at_a_time) {
  const auto second = [](Writer& writer) -> asio::awaitable<void> {
    co_await asio::post(asio::use_awaitable);
    co_await writer.run(decode, write);
  };
  EXPECT_EQ(failure<std::logic_error>([&](Writer& writer) -> asio::awaitable<void> {
              using asio::experimental::awaitable_operators::operator&&;
              co_await (second(writer) && writer.run(decode, write));
            }),
            "a BatchWriter is run twice at the same time");
}

/// What a target answers that contradicts itself.
struct Contradiction {
  const char* said;
  std::size_t verdicts = 3;
  std::optional<std::size_t> new_rows{};
  bool begins = true;
};

class Contradicting final : public BatchTarget {
 public:
  explicit Contradicting(const Contradiction& its) : its_{its} {}
  std::unique_ptr<BatchTransaction> begin() override {
    return its_.begins ? std::make_unique<Transaction>(its_) : nullptr;
  }

 private:
  struct Transaction final : BatchTransaction {
    explicit Transaction(const Contradiction& of) : its{of} {}
    Written write(Session&, AnyItems, WriteCall&) override {
      return {std::vector<Verdict>(its.verdicts), its.new_rows};
    }
    const Contradiction& its;
  };
  const Contradiction& its_;
};

TEST(BatchWriterMisuse, a_target_that_contradicts_itself_fails_the_service_and_is_told_so) {
  const std::vector<Contradiction> all{
      {.said = "BatchTarget::begin returned nothing", .begins = false},
      {.said = "a write returned 4 verdicts for 3 items", .verdicts = 4},
      {.said = "a write took none of 3 items, and would never take one: the first of them waits "
               "for no other",
       .verdicts = 0},
      {.said = "a write says that item 3 went in as new rows, and has written 3 items",
       .new_rows = 3},
  };
  for (const Contradiction& one : all) {
    Contradicting target{one};
    EXPECT_EQ(failure<std::logic_error>([&](Writer& writer) -> asio::awaitable<void> {
                co_await writer.run(decode, target);
              }),
              one.said);
  }
}

/// Where a row is refused, more is asked of a target.
class Uncounting final : public BatchTarget {
 public:
  explicit Uncounting(bool locked) : locked_{locked} {}
  std::unique_ptr<BatchTransaction> begin() override {
    return std::make_unique<Transaction>(locked_);
  }
  std::optional<Rejection> orphan(const DataError&) override {
    return Rejection{"orphan", "it is"};
  }

 private:
  struct Transaction final : BatchTransaction {
    explicit Transaction(bool is) : locked{is} {}
    Written write(Session&, AnyItems, WriteCall&) override {
      if (locked) throw TransientError{"locked", TransientError::Retry::locked};
      throw DataError{"orphan", "there is no such row"};
    }
    void find(Session&, AnyItems) override {
      if (locked) throw TransientError{"locked", TransientError::Retry::locked};
    }
    std::vector<bool> find_unlocked(Session&, AnyItems) override { return std::vector<bool>(7); }
    std::vector<bool> orphans(Session&, AnyItems) override { return std::vector<bool>(1); }
    bool locked;
  };
  bool locked_;
};

TEST(BatchWriterMisuse, answers_for_other_items_than_it_was_asked_for_are_refused) {
  for (const bool locked : {true, false}) {
    Uncounting target{locked};
    EXPECT_EQ(failure<std::logic_error>([&](Writer& writer) -> asio::awaitable<void> {
                co_await writer.run(decode, target);
              }),
              locked ? "BatchTransaction::find_unlocked says something of 7 items, and has 3"
                     : "BatchTransaction::orphans says something of 1 items, and has 3");
  }
}

}  // namespace
}  // namespace hangar::test
