#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "scratch_file.hpp"
#include "tables.hpp"

namespace hangar::sqlite {
namespace {

using recorder::task_run_state_table;
using recorder::task_run_table;
namespace run = recorder::task_run;
namespace state = recorder::task_run_state;
using Lines = std::vector<std::string>;

Uuid uuid_of(std::uint8_t byte) {
  Uuid id;
  id.bytes.fill(byte);
  return id;
}

const std::string run_id = "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a";
const std::string flow_run_id = "fafafafa-fafa-fafa-fafa-fafafafafafa";

/// What Prefect's migrations make, by release.
void load_schema(ScratchFile& file, const std::string& release) {
  std::ifstream schema{SCHEMAS + ("/" + release + ".sqlite.sql")};
  ASSERT_TRUE(schema) << release;
  file.query("PRAGMA journal_mode=WAL");
  file.query("BEGIN;" + std::string{std::istreambuf_iterator<char>{schema}, {}} + "COMMIT");
}

/// A file that the migrations of Prefect 3.9.1 made.
class PrefectFile : public testing::Test {
 public:
  static inline const std::array<const Table*, 2> tables{&task_run_table(),
                                                         &task_run_state_table()};

 protected:
  PrefectFile() {
    load_schema(file_, "3.9.1");
    storage_->prepare(tables, Creation::never);
    session_ = storage_->open_session();
  }

  static std::span<Cell> add_run(Rows& rows) {
    const std::span<Cell> cells = rows.add();
    cells[run::id] = uuid_of(0x0a);
    cells[run::name] = std::string_view{"extract-0"};
    cells[run::task_key] = std::string_view{"extract"};
    cells[run::dynamic_key] = std::string_view{"0"};
    return cells;
  }

  void insert(const Rows& rows) {
    session_->begin();
    EXPECT_EQ(session_->insert_missing(rows), std::vector<bool>(rows.size(), true));
    session_->commit();
  }

  void insert_state_with_data(std::string_view json) {
    Rows runs{task_run_table()};
    add_run(runs);
    insert(runs);
    Rows states{task_run_state_table()};
    const std::span<Cell> cells = states.add();
    cells[state::id] = uuid_of(1);
    cells[state::type] = std::string_view{"COMPLETED"};
    cells[state::name] = std::string_view{"Completed"};
    cells[state::data] = json;
    cells[state::task_run_id] = uuid_of(0x0a);
    insert(states);
  }

  ScratchFile file_;
  std::unique_ptr<Storage> storage_ = file_.open_storage();
  std::unique_ptr<Session> session_;
};

TEST_F(PrefectFile, every_type_is_stored_in_the_form_of_prefect) {
  Rows rows{task_run_table()};
  const std::span<Cell> cells = add_run(rows);
  cells[run::state_type] = std::string_view{"COMPLETED"};
  cells[run::run_count] = 3;
  cells[run::start_time] = Timestamp{std::chrono::sys_days{std::chrono::year{2024} / 2 / 29}} +
                           std::chrono::microseconds{3'723'000'450};
  cells[run::total_run_time] = Interval{-1'500'000};
  cells[run::tags] = std::string_view{R"(["a", "\u00e9"])"};
  cells[run::state_id] = uuid_of(0xab);
  insert(rows);
  EXPECT_EQ(file_.query("SELECT id, name, state_type, run_count, start_time, total_run_time, tags, "
                        "state_id, end_time FROM task_run"),
            Lines{run_id + "|extract-0|COMPLETED|3|2024-02-29 01:02:03.000450|"
                           "1969-12-31 23:59:58.500000|[\"a\", \"\\u00e9\"]|"
                           "abababab-abab-abab-abab-abababababab|NULL"});
  EXPECT_EQ(file_.query("SELECT typeof(id), typeof(name), typeof(state_type), typeof(run_count), "
                        "typeof(start_time), typeof(total_run_time), typeof(tags), "
                        "typeof(state_id), typeof(end_time) FROM task_run"),
            Lines{"text|text|text|integer|text|text|text|text|null"});
}

TEST_F(PrefectFile, defaults_are_in_the_form_of_prefect_too) {
  Rows rows{task_run_table()};
  add_run(rows);
  insert(rows);
  // Prefect's own default of total_run_time is 0, which it cannot read back.
  EXPECT_EQ(file_.query("SELECT run_count, flow_run_run_count, total_run_time, empirical_policy, "
                        "task_inputs, tags, labels FROM task_run"),
            Lines{"0|0|1970-01-01 00:00:00.000000|{}|{}|[]|NULL"});
  EXPECT_EQ(file_.query("SELECT count(*) FROM task_run WHERE created LIKE "
                        "'____-__-__ __:__:__.______' AND created = updated"),
            Lines{"1"});
}

TEST_F(PrefectFile, a_row_that_prefect_made_is_found) {
  file_.query("INSERT INTO task_run (id, name, task_key, dynamic_key, start_time) VALUES ('" +
              run_id + "', 'n', 'k', 'd', '2024-02-29 01:02:03.000450')");
  const std::vector<std::size_t> columns{run::id, run::created, run::start_time,
                                         run::total_run_time, run::tags};
  session_->begin();
  const Rows rows =
      session_->find(task_run_table(), {{Keys{{run::id}, {uuid_of(0x0a)}}}}, columns, Lock::rows);
  session_->commit();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0][run::id], Cell{uuid_of(0x0a)});
  EXPECT_EQ(rows[0][run::total_run_time], Cell{Interval{0}});
  EXPECT_EQ(rows[0][run::tags], Cell{std::string_view{"[]"}});
  EXPECT_EQ(rows[0][run::created].kind(), Cell::Kind::timestamp);
}

TEST_F(PrefectFile, a_run_needs_its_flow_run) {
  Rows rows{task_run_table()};
  add_run(rows)[run::flow_run_id] = uuid_of(0xfa);
  try {
    insert(rows);
    FAIL() << "accepted";
  } catch (const DataError& error) {
    EXPECT_EQ(error.reason(), "foreign_key");
    EXPECT_EQ(error.sqlstate(), "787");
    EXPECT_EQ(error.constraint(), "flow_run_id");
  }
  session_->rollback();
  file_.query("INSERT INTO flow_run (id, name, flow_id) VALUES ('" + flow_run_id + "', 'f', 'f')");
  insert(rows);
  EXPECT_EQ(file_.query("SELECT flow_run_id FROM task_run"), Lines{flow_run_id});
}

TEST_F(PrefectFile, numbers_that_a_json_column_would_change_are_kept_as_bytes) {
  insert_state_with_data("123456789012345678901234567890");
  EXPECT_EQ(file_.query("SELECT typeof(data), data FROM task_run_state"),
            Lines{"blob|123456789012345678901234567890"});
}

TEST_F(PrefectFile, json_is_stored_as_given) {
  insert_state_with_data(R"({"b":1.0,  "a": [1e2]})");
  EXPECT_EQ(file_.query("SELECT typeof(data), data FROM task_run_state"),
            Lines{R"(text|{"b":1.0,  "a": [1e2]})"});
}

TEST_F(PrefectFile, a_stored_value_in_no_form_is_named_by_its_column) {
  file_.query("INSERT INTO task_run (id, name, task_key, dynamic_key, start_time) VALUES ('" +
              run_id + "', 'n', 'k', 'd', 'yesterday')");
  const std::vector<std::size_t> columns{run::start_time};
  session_->begin();
  try {
    session_->find(task_run_table(), {{Keys{{run::id}, {uuid_of(0x0a)}}}}, columns, Lock::rows);
    FAIL() << "read";
  } catch (const DataError& error) {
    EXPECT_NE(std::string_view{error.what()}.find("start_time"), std::string_view::npos);
  }
  session_->rollback();
}

TEST(PrefectSchema, of_every_release_since_3_4_7_is_taken_without_a_warning) {
  for (const std::string release : {"3.4.7", "3.6.29", "3.7.8", "3.8.8", "3.9.1"}) {
    ScratchFile file;
    load_schema(file, release);
    const auto storage = file.open_storage();
    EXPECT_NO_THROW(storage->prepare(PrefectFile::tables, Creation::never)) << release;
    for (const Check& check : storage->examine(PrefectFile::tables, Creation::never)) {
      EXPECT_EQ(check.verdict, Check::Verdict::ok) << release << ": " << check.found;
    }
  }
}

TEST(PrefectSchema, of_an_older_release_is_refused_with_the_one_that_is_needed) {
  ScratchFile file;
  load_schema(file, "3.4.6");
  const auto storage = file.open_storage();
  const auto is_refusal = [](std::string_view text) {
    return text.find("table task_run, column state_id") != std::string_view::npos &&
           text.find("Prefect 3.4.7 and newer") != std::string_view::npos;
  };
  try {
    storage->prepare(PrefectFile::tables, Creation::never);
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_PRED1(is_refusal, error.what());
  }
  const auto checks = storage->examine(PrefectFile::tables, Creation::never);
  EXPECT_EQ(std::ranges::count_if(checks,
                                  [&](const Check& check) {
                                    return check.verdict == Check::Verdict::fail &&
                                           is_refusal(check.found);
                                  }),
            1);
}

/// What a table has, apart from names of indexes and from how its own default is written.
Lines shape(ScratchFile& file) {
  Lines lines;
  for (const std::string table : {"task_run", "task_run_state"}) {
    const Lines columns = file.query(
        "SELECT name, CASE WHEN type LIKE 'VARCHAR%' THEN 'VARCHAR' ELSE type END, \"notnull\", "
        "pk, "
        "iif(name IN ('id', 'total_run_time'), '', replace(coalesce(dflt_value, ''), ' ', '')) "
        "FROM pragma_table_info('" +
        table + "') ORDER BY name");
    const Lines indexes = file.query(
        "SELECT DISTINCT \"unique\", (SELECT group_concat(name) FROM (SELECT name FROM "
        "pragma_index_info(list.name) ORDER BY seqno)) AS columns "
        "FROM pragma_index_list('" +
        table + "') AS list ORDER BY 1, 2");
    lines.insert(lines.end(), columns.begin(), columns.end());
    lines.insert(lines.end(), indexes.begin(), indexes.end());
  }
  return lines;
}

TEST_F(PrefectFile, created_tables_have_the_columns_keys_and_indexes_of_prefects) {
  ScratchFile created;
  created.open_storage()->prepare(tables, Creation::when_absent);
  EXPECT_EQ(shape(created), shape(file_));
}

}  // namespace
}  // namespace hangar::sqlite
