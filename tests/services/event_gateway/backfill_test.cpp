#include "out/backfill.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "hangar/error.hpp"
#include "hangar/testing/memory_storage.hpp"
#include "out/stored_tables.hpp"
#include "prefect/event_tables.hpp"
#include "prefect/present.hpp"

namespace hangar::gateway {
namespace {

namespace events = prefect::events;
namespace event_resources = prefect::event_resources;

constexpr prefect::EventLimits backfill_limits{500, 100, 1024};

/// Another session, of which it keeps how many rows it was asked for.
class AskedSession final : public Session {
 public:
  explicit AskedSession(Session& session) : session_{session} {}

  Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
            Lock lock) override {
    Rows found = session_.find(table, keys, columns, lock);
    if (columns.size() > 2) whole_events.push_back(found.size());
    return found;
  }
  Rows scan(const Table& table, const Range& range, std::span<const std::size_t> columns,
            std::size_t limit) override {
    if (columns.size() > 2) whole_events.push_back(limit);
    if (limit > answers_up_to) throw TransientError{"it takes too long", failure, sqlstate};
    return session_.scan(table, range, columns, limit);
  }
  void begin() override { throw std::logic_error{"it only reads"}; }
  void commit() override { begin(); }
  void rollback() noexcept override {}
  std::vector<bool> insert_missing(const Rows&) override { throw std::logic_error{"it reads"}; }
  std::size_t update(const Rows&) override { throw std::logic_error{"it only reads"}; }
  std::size_t add(const Rows&, std::span<const std::size_t>) override {
    throw std::logic_error{"it only reads"};
  }
  using Session::erase;
  std::size_t erase(const Table&, std::span<const Keys>) override {
    throw std::logic_error{"it only reads"};
  }
  void savepoint() override { begin(); }
  void rollback_to_savepoint() override { begin(); }

  std::vector<std::size_t> whole_events;
  std::size_t answers_up_to = 1'000;  ///< Rows.
  TransientError::Retry failure = TransientError::Retry::backoff;
  std::string sqlstate = "57014";

 private:
  Session& session_;
};

class BackfillTest : public ::testing::Test {
 protected:
  BackfillTest() {
    const std::vector<const Table*> tables{&prefect::events_table(),
                                           &prefect::event_resources_table()};
    storage_->prepare(tables, Creation::when_absent);
    session_ = storage_->open_session();
    session_->begin();
  }

  static Uuid id_of(std::size_t number) {
    Uuid id;
    id.bytes[0] = static_cast<std::uint8_t>(number >> 8U);
    id.bytes[1] = static_cast<std::uint8_t>(number & 0xFFU);
    return id;
  }
  static std::vector<Uuid> ids(std::size_t count) {
    std::vector<Uuid> all;
    for (std::size_t number = 0; number < count; ++number) all.push_back(id_of(number));
    return all;
  }
  /// One event a second, each with this label `a`.
  void store(std::size_t count, const std::string& label) {
    const Timestamp begin = prefect::present() - std::chrono::minutes{10};
    const std::string resource = R"({"prefect.resource.id":"r","a":")" + label + R"("})";
    Rows stored{prefect::events_table()};
    Rows resources{prefect::event_resources_table()};
    for (std::size_t number = 0; number < count; ++number) {
      const Timestamp occurred = begin + std::chrono::seconds{number};
      const auto event = stored.add();
      event[events::id] = id_of(number);
      event[events::occurred] = occurred;
      event[events::event] = std::string_view{"e"};
      event[events::resource_id] = std::string_view{"r"};
      event[events::resource] = std::string_view{resource};
      event[events::related] = std::string_view{"[]"};
      event[events::payload] = std::string_view{"{}"};
      event[events::received] = occurred;
      event[events::recorded] = occurred;
      // One for the event and one for what is related to it: of one id.
      for (std::size_t each = 0; each < 2; ++each) {
        const auto row = resources.add();
        row[event_resources::id] = id_of(2 * number + each);
        row[event_resources::occurred] = occurred;
        row[event_resources::resource_id] = std::string_view{"r"};
        row[event_resources::resource_role] = std::string_view{each == 0 ? "" : "x"};
        row[event_resources::resource] = std::string_view{"{}"};
        row[event_resources::event_id] = id_of(number);
      }
    }
    session_->insert_missing(stored);
    session_->insert_missing(resources);
  }
  EventFilter filter(const std::string& json) {
    return reader_.filter(reader_.document().parse(json), prefect::present());
  }

  struct Found {
    std::vector<Uuid> ids;
    std::size_t most_bytes = 0;  ///< Of the frames of one page.
    std::size_t most_events = 0;
    std::vector<std::size_t> whole_events;  ///< That were asked for at once.
  };
  Found all(const std::string& json, std::size_t most_bytes) {
    Found found;
    const EventFilter wanted = filter(json);
    AskedSession asked{*session_};
    Backfill backfill{wanted, backfill_limits, 250, most_bytes};
    while (!backfill.done()) {
      std::size_t bytes = 0;
      EventFrames frames;
      backfill.next(asked, frames);
      for (const auto& frame : frames) {
        found.ids.push_back(frame->id);
        bytes += frame->text.size();
      }
      found.most_bytes = std::max(found.most_bytes, bytes);
      found.most_events = std::max(found.most_events, frames.size());
    }
    found.whole_events = asked.whole_events;
    return found;
  }

  EventReader reader_{backfill_limits};
  testing::MemoryDatabase database_;
  std::unique_ptr<Storage> storage_ = database_.open();
  std::unique_ptr<Session> session_;
};

TEST_F(BackfillTest, ends_where_the_filter_takes_too_many_steps) {
  store(1, std::string(20'000, 'a'));
  const EventFilter costly =
      filter(R"({"resource":{"labels":{"a":"*?)" + std::string(10'000, 'a') + R"(b*"}}})");
  Backfill backfill{costly, backfill_limits, 250, 1'000'000};
  EventFrames frames;
  backfill.next(*session_, frames);
  EXPECT_TRUE(frames.empty());
  EXPECT_TRUE(backfill.done());
  EXPECT_TRUE(backfill.costly());
}

TEST_F(BackfillTest, a_page_has_so_many_bytes_and_one_event_whatever_it_is_found_by) {
  constexpr std::size_t count = 60;
  constexpr std::size_t event_bytes = 20'000;
  store(count, std::string(event_bytes, 'a'));
  std::string named = R"({"id":{"id":[)";
  for (std::size_t number = count; number-- > 0;) {
    named += fmt::format(R"("{:04x}0000-0000-0000-0000-000000000000",)", number);
  }
  named.back() = ']';
  named += "}}";
  for (const std::string& json :
       {std::string{"{}"}, named, std::string{R"({"resource":{"id":["r"]}})"},
        std::string{R"({"event":{"name":["e"]}})"}}) {
    const Found found = all(json, 10 * event_bytes);
    EXPECT_EQ(found.ids, ids(count)) << json.substr(0, 20);
    EXPECT_LE(found.most_bytes, 11 * event_bytes) << json.substr(0, 20);
    EXPECT_LE(found.whole_events.front(), 32U) << json.substr(0, 20);
    for (std::size_t page = 1; page < found.whole_events.size(); ++page) {
      EXPECT_LE(found.whole_events[page], 10U) << json.substr(0, 20);
    }
  }
}

// As it is where the transaction of the first is tried again.
TEST_F(BackfillTest, a_page_that_nobody_has_taken_stays) {
  store(50, "small");
  const EventFilter wanted = filter("{}");
  Backfill backfill{wanted, backfill_limits, 250, 1'000'000};
  EventFrames frames;
  while (!backfill.done()) backfill.next(*session_, frames);
  EXPECT_EQ(frames.size(), 50U);
}

TEST_F(BackfillTest, a_statement_that_takes_too_long_is_tried_with_fewer_rows_and_then_no_more) {
  store(50, "small");
  const EventFilter wanted = filter("{}");
  AskedSession asked{*session_};
  asked.answers_up_to = 4;
  Backfill backfill{wanted, backfill_limits, 250, 1'000'000};
  EventFrames frames;
  EXPECT_THROW(backfill.next(asked, frames), TooLong);
  backfill.ask_less();
  EXPECT_THROW(backfill.next(asked, frames), TooLong);
  EXPECT_EQ(frames.size(), 4U);
  asked.answers_up_to = 0;
  backfill.ask_less();
  EXPECT_THROW(backfill.next(asked, frames), TooLong);
  EXPECT_THROW(backfill.ask_less(), TooLong);
  EXPECT_EQ(asked.whole_events, (std::vector<std::size_t>{32, 4, 8, 1}));
}

TEST_F(BackfillTest, what_ends_when_the_database_answers_is_tried_again) {
  store(1, "small");
  const EventFilter wanted = filter("{}");
  AskedSession asked{*session_};
  asked.answers_up_to = 0;
  asked.failure = TransientError::Retry::reconnect;
  asked.sqlstate = "57P01";
  Backfill backfill{wanted, backfill_limits, 250, 1'000'000};
  EventFrames frames;
  EXPECT_THROW(backfill.next(asked, frames), TransientError);
}

// An offset takes a time behind the last year.
TEST_F(BackfillTest, behind_the_last_year_nothing_is_asked_for) {
  for (const auto& [since, done] :
       {std::pair{"9999-12-31T23:59:59-14:00", true}, {"9999-12-31T23:59:59.999999Z", false}}) {
    const EventFilter wanted = filter(R"({"occurred":{"since":")" + std::string{since} +
                                      R"(","until":"9999-12-31T23:59:59.999999-14:00"}})");
    EXPECT_EQ((Backfill{wanted, backfill_limits, 250, 1'000'000}.done()), done) << since;
  }
}

// Behind small ones there may be large ones.
TEST_F(BackfillTest, a_page_of_small_events_is_not_read_at_once) {
  store(500, "small");
  for (const std::string& json : {std::string{"{}"}, std::string{R"({"resource":{"id":["r"]}})"}}) {
    const Found found = all(json, 1'000'000);
    EXPECT_EQ(found.ids, ids(500)) << json;
    EXPECT_LE(std::ranges::max(found.whole_events), 32U) << json;
    EXPECT_GE(found.most_events, 128U) << json;  // Of two rows each, or one.
  }
}

}  // namespace
}  // namespace hangar::gateway
