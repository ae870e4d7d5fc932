#include "out/backfill.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "hangar/testing/memory_storage.hpp"
#include "out/stored_tables.hpp"
#include "prefect/event_tables.hpp"
#include "prefect/present.hpp"

namespace hangar::gateway {
namespace {

namespace events = prefect::events;
namespace event_resources = prefect::event_resources;

constexpr prefect::EventLimits backfill_limits{500, 100, 1024};

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
    id.bytes[0] = static_cast<std::uint8_t>(number);
    return id;
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

  EventReader reader_{backfill_limits};
  testing::MemoryDatabase database_;
  std::unique_ptr<Storage> storage_ = database_.open();
  std::unique_ptr<Session> session_;
};

TEST_F(BackfillTest, ends_where_the_filter_takes_too_many_steps) {
  store(1, std::string(20'000, 'a'));
  const EventFilter costly =
      filter(R"({"resource":{"labels":{"a":"*?)" + std::string(10'000, 'a') + R"(b*"}}})");
  Backfill backfill{costly, backfill_limits, 250};
  EXPECT_TRUE(backfill.next(*session_).empty());
  EXPECT_TRUE(backfill.done());
  EXPECT_TRUE(backfill.costly());
}

}  // namespace
}  // namespace hangar::gateway
