#include <fmt/format.h>

#include <string>

#include "database.hpp"

namespace hangar::postgres {
namespace {

class Plans : public ServerTest {
 protected:
  /// Twenty thousand owners of one thing each is all that the statistics know; then one owner gets
  /// twenty thousand.
  void store_a_skewed_table() {
    database_.execute(
        "ALTER TABLE thing SET (autovacuum_enabled = off); "
        "INSERT INTO thing (id, owner, part) SELECT gen_random_uuid(), gen_random_uuid(), 'p' || i "
        "FROM generate_series(1, 20000) AS numbers(i); "
        "ANALYZE thing; "
        "INSERT INTO thing (id, owner, part) "
        "SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'p' || i "
        "FROM generate_series(1, 20000) AS numbers(i)");
  }

  /// A session does so when it ends; else at most once a second.
  void publish_counters() {
    terminate_sessions();
    database_.execute("SELECT pg_stat_force_next_flush()");
  }

  std::string tuples_read(const std::string& index) {
    publish_counters();
    return database_.execute(
        "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = '" + index + "'");
  }

  std::string sequential_scans() {
    publish_counters();
    return database_.execute("SELECT sum(seq_scan) FROM pg_stat_user_tables");
  }
};

TEST_F(Plans, natural_keys_are_looked_up_by_their_unique_index_alone) {
  store_a_skewed_table();
  Keys pairs{{thing::owner, thing::part}, {}};
  std::vector<std::string> parts;
  for (int i = 100; i <= 20'000; i += 100) parts.push_back(fmt::format("p{}", i));
  for (const std::string& part : parts) {
    pairs.values.emplace_back(uuid_of(1));
    pairs.values.emplace_back(std::string_view{part});
  }
  const std::vector<Keys> keys{pairs};
  const std::vector<std::size_t> columns{thing::part};
  session_->begin();
  EXPECT_EQ(session_->find(thing_table(), keys, columns, Lock::rows).size(), parts.size());
  session_->commit();
  EXPECT_EQ(tuples_read("ix_thing__owner"), "0");
  EXPECT_EQ(tuples_read("uq_thing__owner_part"), std::to_string(parts.size()));
}

TEST_F(Plans, a_page_reads_no_more_rows_than_it_gives_whatever_the_statistics_say) {
  store_a_skewed_table();
  const std::vector<std::size_t> none;
  Range range{.one_of = {{.column = thing::owner, .values = {uuid_of(1), uuid_of(2)}}},
              .column = thing::part};
  session_->begin();
  Rows page = session_->scan(thing_table(), range, none, 10);
  ASSERT_EQ(page.size(), 10U);
  range.after.assign(page[9].begin(), page[9].end());
  EXPECT_EQ(session_->scan(thing_table(), range, none, 10).size(), 10U);
  session_->commit();
  EXPECT_EQ(tuples_read("ix_thing__owner"), "0");
  EXPECT_LE(std::stoi(tuples_read("uq_thing__owner_part")), 30);
}

TEST_F(Plans, a_slice_of_a_range_is_deleted_by_index) {
  store_a_skewed_table();
  Range range{.one_of = {{.column = thing::owner, .values = {uuid_of(1)}}}, .column = thing::part};
  // A table that refers to others has an index for that, or each row costs a scan of it.
  database_.execute("CREATE INDEX ix_mark ON mark (thing_id)");
  const std::string before = sequential_scans();
  session_->begin();
  EXPECT_EQ(session_->erase(thing_table(), range, 200), 200U);
  session_->commit();
  EXPECT_LE(std::stoi(tuples_read("uq_thing__owner_part")), 200 + 20);
  EXPECT_LE(std::stoi(tuples_read("pk_thing")), 200 + 20);
  EXPECT_EQ(sequential_scans(), before);
}

TEST_F(Plans, keys_of_several_columns_are_looked_up_by_their_index_alone) {
  const Table pair{.name = "pair",
                   .columns = {{"a", ColumnType::text, false},
                               {"b", ColumnType::int8, false},
                               {"n", ColumnType::int8}},
                   .indexes = {},
                   .foreign_keys = {},
                   .primary_key = {0, 1}};
  database_.execute(
      "CREATE TABLE pair (a text, b int8, n int8, CONSTRAINT pk_pair PRIMARY KEY (a, b)); "
      "ALTER TABLE pair SET (autovacuum_enabled = off); "
      "INSERT INTO pair SELECT 'a' || i, i, 0 FROM generate_series(1, 20000) AS numbers(i); "
      "ANALYZE pair; "
      "INSERT INTO pair SELECT 'a', i, 0 FROM generate_series(1, 20000) AS numbers(i)");
  const std::string before = sequential_scans();
  Rows rows{pair};
  Keys keys{.columns = {0, 1}, .values = {}};
  for (std::int64_t b = 100; b <= 20'000; b += 100) {
    const std::span<Cell> cells = rows.add();
    cells[0] = std::string_view{"a"};
    cells[1] = b;
    cells[2] = std::int64_t{1};
    keys.values.insert(keys.values.end(), {cells[0], cells[1]});
  }
  const std::vector<Keys> sets{keys};
  const std::vector<std::size_t> columns{2};
  session_->begin();
  EXPECT_EQ(session_->find(pair, sets, columns, Lock::rows).size(), 200U);
  EXPECT_EQ(session_->update(rows), 200U);
  EXPECT_EQ(session_->add(rows, columns), 200U);
  EXPECT_EQ(session_->erase(pair, sets), 200U);
  session_->commit();
  EXPECT_EQ(sequential_scans(), before);
  EXPECT_LE(std::stoi(tuples_read("pk_pair")), 2'000);
}

TEST_F(Plans, no_call_reads_a_whole_table_even_a_small_one) {
  store_thing(1, 1, "a");
  store_thing(2, 1, "b");
  const std::vector<Keys> keys{by_id(1),
                               {{thing::owner, thing::part}, {uuid_of(1), std::string_view{"b"}}}};
  const std::vector<std::size_t> columns{thing::part};
  Rows marks{mark_table()};
  marks.add()[mark::id] = uuid_of(1);
  marks[0][mark::thing_id] = uuid_of(1);
  Rows changes = update_of(1, thing::count, 3);
  changes.add()[thing::id] = uuid_of(2);
  changes[1][thing::part] = std::string_view{"c"};
  const std::string before = sequential_scans();
  session_->begin();
  EXPECT_EQ(session_->find(thing_table(), keys, columns, Lock::rows).size(), 2U);
  session_->update(changes);
  session_->insert_missing(marks);
  session_->commit();
  EXPECT_EQ(sequential_scans(), before);
}

}  // namespace
}  // namespace hangar::postgres
