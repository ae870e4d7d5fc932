#include <algorithm>
#include <array>
#include <limits>

#include "fixture.hpp"

namespace hangar::conformance {
namespace {

using Ids = std::vector<unsigned>;

/// Items 1 to 12: owner 1 or 2, part a, b or c, at one of six times, two of each; 13 has no time.
class Scan : public Conformance {
 protected:
  Scan() {
    static constexpr std::array<std::string_view, 3> parts{"a", "b", "c"};
    Rows rows{item_table()};
    // Not in the order of anything.
    for (const unsigned id : {7U, 2U, 12U, 5U, 13U, 1U, 10U, 3U, 8U, 11U, 4U, 6U, 9U}) {
      const std::span<Cell> cells = add_item(rows, id);
      cells[item::owner] = uuid_of(id % 2 + 1);
      cells[item::part] = parts.at(id % 3);
      cells[item::count] = static_cast<std::int32_t>(id);
      cells[item::large] = std::int64_t{1} << id;
      cells[item::weight] = -0.5 * id;
      cells[item::yes] = id > 6;
      cells[item::kind] = id % 2 == 0 ? std::string_view{"RED"} : std::string_view{"BLUE"};
      cells[item::note] = rows.keep("note " + std::to_string(10 + id));
      cells[item::code] = rows.keep(std::to_string(id));
      cells[item::at] = id == 13 ? Cell::null() : Cell{time(id)};
    }
    // The unique key (owner, part) would keep most of them out.
    for (std::size_t row = 0; row < rows.size(); ++row) {
      rows[row][item::part] = Cell::null();
    }
    insert(rows);
  }

  static Timestamp time(unsigned id) { return time_of(2024, 1, 1 + (id - 1) / 2); }

  Rows scan(const Range& range, std::size_t limit = 100,
            std::vector<std::size_t> columns = {item::name}) {
    session_->begin();
    Rows rows = session_->scan(item_table(), range, columns, limit);
    session_->commit();
    return rows;
  }
  Ids ids(const Range& range, std::size_t limit = 100) { return ids_of(scan(range, limit)); }
};

TEST_F(Scan, rows_come_by_the_column_and_then_by_the_primary_key) {
  EXPECT_EQ(ids({.column = item::at}), (Ids{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(ids({.column = item::at, .descending = true}),
            (Ids{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(ids({.column = item::yes}), (Ids{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}));
  EXPECT_EQ(ids({.column = item::id}), (Ids{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}));
  EXPECT_EQ(ids({.column = item::weight}), (Ids{13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}));
}

TEST_F(Scan, a_range_has_its_first_value_and_not_its_last) {
  EXPECT_EQ(ids({.column = item::at, .from = time(3), .before = time(7)}), (Ids{3, 4, 5, 6}));
  EXPECT_EQ(ids({.column = item::at, .before = time(3)}), (Ids{1, 2}));
  EXPECT_EQ(ids({.column = item::at, .from = time(11)}), (Ids{11, 12}));
  EXPECT_EQ(ids({.column = item::at, .from = time(7), .before = time(3)}), Ids{});
  EXPECT_EQ(ids({.column = item::at, .from = time(3), .before = time(7), .descending = true}),
            (Ids{6, 5, 4, 3}));
}

TEST_F(Scan, every_type_that_has_an_order_has_ranges) {
  EXPECT_EQ(ids({.column = item::count, .from = 3, .before = 5}), (Ids{3, 4}));
  EXPECT_EQ(ids({.column = item::large, .from = std::int64_t{8}, .before = std::int64_t{17}}),
            (Ids{3, 4}));
  EXPECT_EQ(ids({.column = item::weight, .from = -2.0, .before = -1.0}), (Ids{4, 3}));
  EXPECT_EQ(ids({.column = item::note,
                 .from = std::string_view{"note 13"},
                 .before = std::string_view{"note 15"}}),
            (Ids{3, 4}));
  EXPECT_EQ(ids({.column = item::id, .from = uuid_of(3), .before = uuid_of(5)}), (Ids{3, 4}));
  EXPECT_EQ(ids({.column = item::yes, .before = true}), (Ids{1, 2, 3, 4, 5, 6}));
}

TEST_F(Scan, one_value_or_one_of_several_may_be_asked_for) {
  const Range::OneOf even{.column = item::owner, .values = {uuid_of(1)}};
  EXPECT_EQ(ids({.one_of = {even}, .column = item::at}), (Ids{2, 4, 6, 8, 10, 12}));
  const Range::OneOf both{.column = item::owner,
                          .values = {uuid_of(2), uuid_of(9), uuid_of(1), uuid_of(2)}};
  const Range::OneOf high{.column = item::yes, .values = {true}};
  EXPECT_EQ(ids({.one_of = {both, high}, .column = item::at}), (Ids{7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(ids({.one_of = {both, high}, .column = item::at, .descending = true}, 3),
            (Ids{12, 11, 10}));
  const Range::OneOf words{.column = item::kind, .values = {std::string_view{"RED"}}};
  EXPECT_EQ(ids({.one_of = {words, high}, .column = item::at, .from = time(9)}), (Ids{10, 12}));
}

TEST_F(Scan, no_value_and_null_match_nothing) {
  const Range::OneOf none{.column = item::owner, .values = {}};
  const Range::OneOf null{.column = item::part, .values = {Cell::null()}};
  EXPECT_EQ(ids({.one_of = {none}, .column = item::at}), Ids{});
  EXPECT_EQ(ids({.one_of = {null}, .column = item::at}), Ids{});
}

TEST_F(Scan, the_limit_cuts_the_end_off) {
  EXPECT_EQ(ids({.column = item::at}, 3), (Ids{1, 2, 3}));
  EXPECT_EQ(ids({.column = item::at, .descending = true}, 3), (Ids{12, 11, 10}));
  EXPECT_EQ(ids({.column = item::at}, 0), Ids{});
  EXPECT_EQ(ids({.column = item::at}, std::numeric_limits<std::size_t>::max()).size(), 12U);
}

TEST_F(Scan, pages_go_on_behind_the_last_row_and_miss_and_repeat_none) {
  const Range::OneOf both{.column = item::owner, .values = {uuid_of(1), uuid_of(2)}};
  for (const bool descending : {false, true}) {
    for (const std::size_t size : {1U, 2U, 5U, 12U}) {
      for (const bool by_owner : {false, true}) {
        Range range{.column = item::at, .from = time(3), .descending = descending};
        if (by_owner) range.one_of = {both};
        Ids all;
        for (Rows page = scan(range, size); !page.empty(); page = scan(range, size)) {
          const Ids more = ids_of(page);
          all.insert(all.end(), more.begin(), more.end());
          const auto last = page[page.size() - 1];
          range.after.assign(last.begin(), last.end());
        }
        Ids expected{3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
        if (descending) std::ranges::reverse(expected);
        EXPECT_EQ(all, expected) << size << descending << by_owner;
      }
    }
  }
}

TEST_F(Scan, the_first_of_very_many_values_are_those_of_all) {
  Rows rows{item_table()};
  Range::OneOf parts{.column = item::part};
  for (unsigned id = 100; id < 1'300; ++id) {
    const std::span<Cell> cells = add_item(rows, id);
    cells[item::at] = time_of(2024, 2, 1, 7919LL * id % 1'201);
    cells[item::part] = rows.keep("part" + std::to_string(id % 200));
    if (id < 300) parts.values.push_back(cells[item::part]);
  }
  insert(rows);
  std::vector<std::pair<std::int64_t, unsigned>> all;
  for (unsigned id = 100; id < 1'300; ++id) all.emplace_back(7919LL * id % 1'201, id);
  std::ranges::sort(all);
  Ids expected;
  for (std::size_t i = 0; i < 20; ++i) expected.push_back(all[i].second);
  EXPECT_EQ(ids({.one_of = {parts}, .column = item::at}, 20), expected);
  const Ids page = ids({.one_of = {parts}, .column = item::at, .descending = true}, 500);
  ASSERT_EQ(page.size(), 500U);
  for (std::size_t i = 0; i < page.size(); ++i) {
    ASSERT_EQ(page[i], all[all.size() - 1 - i].second) << i;
  }
}

TEST_F(Scan, only_the_asked_columns_and_those_that_tell_the_place_are_filled) {
  const Rows rows = scan({.column = item::at}, 1, {item::name, item::id, item::body});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0][item::id], Cell{uuid_of(1)});
  EXPECT_EQ(rows[0][item::at], Cell{time(1)});
  EXPECT_EQ(rows[0][item::name], Cell{std::string_view{"item"}});
  EXPECT_EQ(rows[0][item::body], Cell::null());
  EXPECT_TRUE(rows[0][item::count].absent());
}

TEST_F(Scan, a_primary_key_of_several_columns_tells_the_place_too) {
  Rows rows{tally_table()};
  for (const unsigned owner : {3U, 1U, 2U}) {
    for (const std::string_view name : {"b", "a", "c"}) {
      add_tally(rows, owner, name)[tally::total] = std::int64_t{owner == 2 ? 1 : 0};
    }
  }
  insert(rows);
  std::string all;
  Range range{.column = tally::total};
  const std::vector<std::size_t> none;
  session_->begin();
  for (Rows page = session_->scan(tally_table(), range, none, 2); !page.empty();
       page = session_->scan(tally_table(), range, none, 2)) {
    for (std::size_t row = 0; row < page.size(); ++row) {
      all += std::to_string(page[row][tally::owner].uuid().bytes[1]);
      all += page[row][tally::name].text();
    }
    range.after.assign(page[page.size() - 1].begin(), page[page.size() - 1].end());
  }
  session_->commit();
  EXPECT_EQ(all, "1a1b1c3a3b3c2a2b2c");
}

TEST_F(Scan, text_of_a_range_is_data) {
  const std::string_view word{"x' OR '1'='1"};
  EXPECT_EQ(ids({.column = item::note, .from = word, .before = std::string_view{"x"}}), Ids{});
  const Range::OneOf part{.column = item::part, .values = {word, std::string_view{"{a,\"b\"}"}}};
  EXPECT_EQ(ids({.one_of = {part}, .column = item::at}), Ids{});
}

TEST_F(Scan, sees_what_its_own_transaction_wrote) {
  session_->begin();
  Rows rows{item_table()};
  add_item(rows, 20)[item::at] = time(1);
  session_->insert_missing(rows);
  const std::vector<std::size_t> none;
  const Rows found = session_->scan(item_table(), {.column = item::at}, none, 3);
  session_->rollback();
  EXPECT_EQ(ids_of(found), (Ids{1, 2, 20}));
}

TEST_F(Scan, a_range_that_cannot_be_is_refused_and_nothing_is_lost) {
  const auto refused = [&](const Range& range) {
    session_->begin();
    const std::vector<std::size_t> none;
    EXPECT_THROW(session_->scan(item_table(), range, none, 1), std::logic_error);
    session_->rollback();
  };
  refused({.column = 99});
  refused({.column = item::body});
  refused({.column = item::raw});
  refused({.column = item::kind});
  refused({.one_of = {{.column = 99}}, .column = item::at});
  refused({.one_of = {{.column = item::body}}, .column = item::at});
  refused({.column = item::at, .from = Cell::null()});
  refused({.column = item::count, .before = std::int64_t{3}});
  refused(
      {.one_of = {{.column = item::owner, .values = {std::string_view{"x"}}}}, .column = item::at});
  refused({.column = item::at, .after = {Cell{1}}});
  refused({.column = item::at, .after = std::vector<Cell>(item_table().columns.size())});
  session_->begin();
  const std::vector<std::size_t> beyond{item::name, 99};
  EXPECT_THROW(session_->scan(item_table(), {.column = item::at}, beyond, 1), std::logic_error);
  session_->rollback();
  EXPECT_EQ(stored_items().size(), 13U);
}

}  // namespace
}  // namespace hangar::conformance
