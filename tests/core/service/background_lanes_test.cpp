#include <set>
#include <thread>
#include <vector>

#include "service_bench.hpp"

namespace asio = boost::asio;

namespace hangar::test {
namespace {

/// Serves so many sessions at once.
class BoundedStorage final : public Storage {
 public:
  explicit BoundedStorage(std::size_t sessions) : sessions_{sessions} {}
  void prepare(std::span<const Table* const>, Creation) override {}
  std::vector<Check> examine(std::span<const Table* const>, Creation) override { return {}; }
  [[nodiscard]] std::size_t concurrent_sessions() const noexcept override { return sessions_; }
  std::unique_ptr<hangar::Session> open_session() override { return takes_all_.open_session(); }

 private:
  std::size_t sessions_;
  MemorylessStorage takes_all_;
};

asio::awaitable<std::thread::id> thread_of(Context& context, std::size_t lane) {
  std::thread::id thread;
  co_await context.transact(lane, [&](Session&) { thread = std::this_thread::get_id(); });
  co_return thread;
}

TEST(BackgroundLanes, each_has_a_session_of_its_own_or_shares_that_of_the_last_lane) {
  struct Row {
    std::size_t sessions;  ///< That the storage serves.
    std::size_t lanes;
    std::size_t threads;
  };
  for (const Row& row : {Row{9, 2, 3}, Row{3, 2, 3}, Row{2, 2, 2}, Row{1, 1, 1}}) {
    BoundedStorage storage{row.sessions};
    ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
                         EXPECT_EQ(context.lanes(), row.lanes);
                         std::set<std::thread::id> threads;
                         for (std::size_t lane = 0; lane <= row.lanes; ++lane) {
                           threads.insert(co_await thread_of(context, lane));
                         }
                         EXPECT_EQ(threads.size(), row.threads);
                         const std::string said =
                             co_await fault_of(context.transact(row.lanes + 1, [](Session&) {}));
                         EXPECT_NE(said.find("transacts on lane"), std::string::npos) << said;
                       },
                       {.tables = {&things}, .lanes = 2, .background_lanes = 1}};
    bench.resources->storage = [&]() -> Storage& { return storage; };
    bench.run(bench.service->start());
    EXPECT_EQ(bench.service->failure(), "");
  }
}

TEST(BackgroundLanes, what_fails_on_them_pauses_no_source) {
  for (const bool background : {true, false}) {
    int pauses = 0;
    ServiceBench bench{[&](Context& context) -> asio::awaitable<void> {
                         int failures = 3;
                         co_await context.transact(background ? 1U : 0U, [&](Session&) {
                           if (failures-- > 0) {
                             throw TransientError{"locked", TransientError::Retry::locked};
                           }
                         });
                       },
                       {.tables = {&things}, .background_lanes = 1}};
    bench.needs.reads.emplace_back("ORIGINALS", "originals.>", "durable");
    bench.resources->make_source = [&](const auto&, const SourceOptions&, Log&) {
      return std::make_shared<PausedSource>(pauses);
    };
    bench.run(bench.service->start());
    EXPECT_EQ(pauses > 0, !background);
  }
}

}  // namespace
}  // namespace hangar::test
