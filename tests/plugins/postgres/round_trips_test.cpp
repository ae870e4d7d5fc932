#include <fmt/format.h>

#include <vector>

#include "database.hpp"
#include "wire_tap.hpp"

namespace hangar::postgres {
namespace {

class RoundTrips : public ServerTest {
 protected:
  /// Round trips of `call`, in a transaction that is already under way.
  template <class Call>
  int count(Call&& call) {
    tapped_->begin();
    const std::vector<std::size_t> none;
    const std::vector<Keys> keys{by_id(1)};
    tapped_->find(thing_table(), keys, none, Lock::none);
    const int before = tap_.round_trips();
    call(*tapped_);
    const int after = tap_.round_trips();
    tapped_->rollback();
    return after - before;
  }

  static Rows things(std::uint64_t rows_wanted, std::string_view name) {
    Rows rows{thing_table()};
    for (std::uint64_t id = 1; id <= rows_wanted; ++id) {
      add_thing(rows, id, 1, std::to_string(id))[thing::name] = name;
    }
    return rows;
  }

  WireTap tap_{database_.server_port()};
  std::unique_ptr<Session> tapped_ = open_session(tap_.port());
};

TEST_F(RoundTrips, a_batch_costs_five_however_large_and_whatever_its_columns) {
  const std::string large(2'000, 'x');
  for (const std::uint64_t size : {1U, 10U, 2'000U}) {
    tapped_->begin();
    const int before = tap_.round_trips();
    const Rows rows = things(size, large);  // up to several pieces
    Rows changes{thing_table()};
    Keys ids{{thing::id}, {}};
    Keys pairs{{thing::owner, thing::part}, {}};
    for (std::uint64_t id = 1; id <= size; ++id) {
      ids.values.emplace_back(uuid_of(id));
      pairs.values.insert(pairs.values.end(),
                          {rows[id - 1][thing::owner], rows[id - 1][thing::part]});
      const std::span<Cell> cells = changes.add();
      cells[thing::id] = uuid_of(id);
      // Every row another set of columns, some of them keys.
      for (std::size_t column = thing::made; column <= thing::body; ++column) {
        if ((id >> (column % 7) & 1U) != 0 && column != thing::kind) {
          cells[column] = default_cell(thing_table().columns[column], Timestamp{});
        }
      }
      cells[thing::part] = changes.keep(fmt::format("changed{}", id));
    }
    const std::vector<Keys> keys{ids, pairs};
    const std::vector<std::size_t> columns{thing::name, thing::owner};
    tapped_->find(thing_table(), keys, columns, Lock::rows);
    tapped_->insert_missing(rows);
    tapped_->find(thing_table(), keys, columns, Lock::rows);
    tapped_->update(changes);
    tapped_->rollback();
    // The connection's own is one for the first size; begin travels with the first find.
    EXPECT_EQ(tap_.round_trips() - before, 5) << size;
  }
}

TEST_F(RoundTrips, an_update_that_also_writes_keys_costs_one) {
  EXPECT_EQ(count([](Session& session) {
              Rows rows{thing_table()};
              for (const std::uint64_t id : {1U, 2U}) rows.add()[thing::id] = uuid_of(id);
              rows[0][thing::part] = std::string_view{"p"};
              rows[1][thing::name] = std::string_view{"n"};
              session.update(rows);
            }),
            1);
}

TEST_F(RoundTrips, a_page_a_slice_a_deletion_and_a_count_cost_one_each_and_no_slice_two) {
  store_thing(1, 1, "a");
  store_thing(2, 1, "b");
  const Range range{.one_of = {{.column = thing::owner, .values = {uuid_of(1), uuid_of(2)}}},
                    .column = thing::part};
  const std::vector<std::size_t> columns{thing::count};
  EXPECT_EQ(count([&](Session& session) { session.scan(thing_table(), range, columns, 9); }), 1);
  EXPECT_EQ(count([&](Session& session) { session.erase(thing_table(), range, 9); }), 1);
  const Range empty{.column = thing::part, .before = std::string_view{""}};
  EXPECT_EQ(count([&](Session& session) { session.erase(thing_table(), empty, 9); }), 2);
  const std::vector<Keys> keys{by_id(1), by_id(2)};
  EXPECT_EQ(count([&](Session& session) { session.erase(thing_table(), keys); }), 1);
  for (const std::uint64_t size : {1U, 2'000U}) {
    Rows rows = things(size, "n");
    for (std::uint64_t row = 0; row < size; ++row) rows[row][thing::count] = 1;
    EXPECT_EQ(count([&](Session& session) { session.add(rows, columns); }), 1) << size;
  }
}

TEST_F(RoundTrips, nothing_to_do_costs_none) {
  EXPECT_EQ(count([](Session& session) {
              session.update(Rows{thing_table()});
              session.insert_missing(Rows{thing_table()});
              const std::vector<std::size_t> columns{thing::name};
              session.find(thing_table(), {}, columns, Lock::rows);
              session.erase(thing_table(), {});
              session.scan(thing_table(), {.one_of = {{}}}, columns, 1);
            }),
            0);
  tapped_->begin();
  const int before = tap_.round_trips();
  tapped_->commit();
  EXPECT_EQ(tap_.round_trips(), before);
}

}  // namespace
}  // namespace hangar::postgres
