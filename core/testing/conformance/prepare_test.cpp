#include <array>
#include <future>

#include "fixture.hpp"

namespace hangar::conformance {
namespace {

/// Starts without any table.
class Prepare : public testing::Test {
 protected:
  Prepare() : storage_{open_storage()} {}

  [[nodiscard]] std::unique_ptr<Storage> open_storage() const {
    return storage_under_test().open(database_->url());
  }

  void prepare(const Table& table, Creation creation) {
    const std::array<const Table*, 1> tables{&table};
    storage_->prepare(tables, creation);
  }

  /// What `prepare` says about a declaration that the database cannot serve.
  std::string refusal(const Table& table, Creation creation) {
    try {
      prepare(table, creation);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  void insert_item(unsigned id) {
    Rows rows{item_table()};
    add_item(rows, id);
    const auto session = storage_->open_session();
    session->begin();
    session->insert_missing(rows);
    session->commit();
  }

  std::size_t items() {
    const auto session = storage_->open_session();
    session->begin();
    const std::vector<std::size_t> columns{item::id, item::name};
    const Rows rows = session->find(item_table(), {{by_id({1, 2})}}, columns, Lock::none);
    session->commit();
    return rows.size();
  }

  /// Declares a table otherwise than it was made, and expects a refusal that names what differs,
  /// and a table that is as it was.
  void expect_refused(const Table& declared, std::string_view column) {
    for (const Creation creation : {Creation::never, Creation::when_absent}) {
      const std::string message = refusal(declared, creation);
      EXPECT_NE(message.find("item"), std::string::npos) << message;
      EXPECT_NE(message.find(column), std::string::npos) << message;
    }
    prepare(item_table(), Creation::never);
    EXPECT_EQ(items(), 1U);
  }

  void make_item() {
    prepare(item_table(), Creation::when_absent);
    insert_item(1);
  }

  std::unique_ptr<FreshDatabase> database_ = storage_under_test().fresh_database();
  std::unique_ptr<Storage> storage_;
};

Column& column_of(Table& table, std::size_t column) { return table.columns[column]; }

TEST_F(Prepare, creates_the_tables_that_are_absent) {
  const std::array<const Table*, 2> tables{&item_table(), &remark_table()};
  storage_->prepare(tables, Creation::when_absent);
  insert_item(1);
  EXPECT_EQ(items(), 1U);
}

TEST_F(Prepare, is_idempotent_and_keeps_the_rows) {
  make_item();
  prepare(item_table(), Creation::when_absent);
  prepare(item_table(), Creation::never);
  open_storage()->prepare(std::array<const Table*, 1>{&item_table()}, Creation::when_absent);
  EXPECT_EQ(items(), 1U);
}

TEST_F(Prepare, creates_only_the_one_that_is_absent) {
  make_item();
  const std::array<const Table*, 2> tables{&item_table(), &remark_table()};
  storage_->prepare(tables, Creation::when_absent);
  storage_->prepare(tables, Creation::never);
  EXPECT_EQ(items(), 1U);
}

TEST_F(Prepare, a_table_that_refers_to_another_may_come_first) {
  const std::array<const Table*, 2> tables{&remark_table(), &item_table()};
  storage_->prepare(tables, Creation::when_absent);
  storage_->prepare(tables, Creation::never);
  insert_item(1);
  EXPECT_EQ(items(), 1U);
}

TEST_F(Prepare, refuses_an_absent_table_that_it_may_not_create) {
  const std::string message = refusal(item_table(), Creation::never);
  EXPECT_NE(message.find("item"), std::string::npos) << message;
  EXPECT_NE(message.find("storage.create_tables"), std::string::npos) << message;
  // And it created nothing.
  EXPECT_NE(refusal(item_table(), Creation::never), "");
}

TEST_F(Prepare, refuses_one_absent_table_of_two) {
  make_item();
  const std::array<const Table*, 2> tables{&item_table(), &remark_table()};
  try {
    storage_->prepare(tables, Creation::never);
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string{error.what()}.find("remark"), std::string::npos) << error.what();
  }
}

TEST_F(Prepare, refuses_a_missing_column) {
  make_item();
  Table declared = item_table();
  declared.columns.push_back({.name = "colour_depth", .type = ColumnType::int4});
  expect_refused(declared, "colour_depth");
}

TEST_F(Prepare, refuses_a_column_of_another_type) {
  make_item();
  using enum ColumnType;
  const std::array<std::pair<item::Column, ColumnType>, 9> wrong{{{item::name, int4},
                                                                  {item::large, text},
                                                                  {item::weight, int8},
                                                                  {item::blob, json_text},
                                                                  {item::count, text},
                                                                  {item::count, json},
                                                                  {item::at, text},
                                                                  {item::body, uuid},
                                                                  {item::kind, timestamp}}};
  for (const auto& [column, type] : wrong) {
    Table declared = item_table();
    column_of(declared, column).type = type;
    column_of(declared, column).default_value = {};
    declared.indexes.clear();
    SCOPED_TRACE(column_of(declared, column).name);
    expect_refused(declared, column_of(declared, column).name);
  }
}

TEST_F(Prepare, refuses_a_column_that_must_hold_null_and_cannot) {
  make_item();
  Table declared = item_table();
  column_of(declared, item::name).nullable = true;
  expect_refused(declared, "name");
}

TEST_F(Prepare, refuses_a_column_that_it_does_not_know_and_that_needs_a_value) {
  make_item();
  Table declared = item_table();
  declared.columns.erase(declared.columns.begin() + item::name);
  declared.indexes.clear();
  expect_refused(declared, "name");
}

TEST_F(Prepare, refuses_a_table_with_another_primary_key) {
  make_item();
  Table declared = item_table();
  declared.primary_key = {item::id, item::name};
  expect_refused(declared, "name");
}

TEST_F(Prepare, refuses_a_declaration_that_contradicts_itself) {
  for (const auto& [key, word] : std::vector<std::pair<std::vector<std::size_t>, std::string_view>>{
           {{}, "no primary key"},
           {{item::id, item::id}, "twice"},
           {{99}, "99"},
           {{item::note}, "nullable"},
           {{item::spent}, "spent"}}) {
    Table declared = item_table();
    declared.primary_key = key;
    for (const Creation creation : {Creation::never, Creation::when_absent}) {
      const std::string message = refusal(declared, creation);
      EXPECT_NE(message.find(word), std::string::npos) << message;
    }
  }
}

TEST_F(Prepare, refuses_a_table_without_a_declared_unique_key) {
  make_item();
  Table declared = item_table();
  declared.indexes.push_back({.name = "uq_item__at", .parts = {{item::at}}, .unique = true});
  expect_refused(declared, "at");
}

TEST_F(Prepare, accepts_columns_that_it_does_not_know_and_that_need_no_value) {
  make_item();
  Table declared = item_table();
  declared.columns.pop_back();
  std::erase_if(declared.indexes, [](const Index& index) { return index.name == "uq_item__code"; });
  prepare(declared, Creation::never);
  EXPECT_EQ(items(), 1U);
}

TEST_F(Prepare, accepts_a_stricter_declaration) {
  make_item();
  Table declared = item_table();
  column_of(declared, item::note).nullable = false;
  prepare(declared, Creation::never);
  EXPECT_EQ(items(), 1U);
}

TEST_F(Prepare, accepts_indexes_under_other_names_and_without_the_plain_ones) {
  make_item();
  Table declared = item_table();
  for (Index& index : declared.indexes) {
    if (index.unique) index.name = "another_name";
  }
  declared.indexes.push_back({.name = "ix_item__part", .parts = {{item::part}}});
  prepare(declared, Creation::never);
  EXPECT_EQ(items(), 1U);
}

TEST_F(Prepare, two_storages_prepare_at_once) {
  const auto second = open_storage();
  const std::array<const Table*, 2> tables{&item_table(), &remark_table()};
  std::promise<void> start;
  const std::shared_future<void> started = start.get_future().share();
  std::vector<std::future<void>> both;
  for (Storage* storage : {storage_.get(), storage_.get(), second.get(), second.get()}) {
    both.push_back(std::async(std::launch::async, [&tables, storage, started] {
      started.wait();
      storage->prepare(tables, Creation::when_absent);
    }));
  }
  start.set_value();
  for (std::future<void>& each : both) EXPECT_NO_THROW(each.get());
  insert_item(1);
  EXPECT_EQ(items(), 1U);
}

}  // namespace
}  // namespace hangar::conformance
