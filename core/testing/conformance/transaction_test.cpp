#include <array>

#include "fixture.hpp"

namespace hangar::conformance {
namespace {

class TransactionLaws : public Conformance {
 protected:
  TransactionLaws() {
    Rows rows{item_table()};
    for (const unsigned id : {1U, 2U}) {
      add_item(rows, id)[item::code] = rows.keep("code" + std::to_string(id));
    }
    insert(rows);
  }

  /// Runs a call that must fail after a neighbour was inserted, and expects that nothing of the
  /// transaction stays and that the session goes on.
  template <class Failure, class Call>
  Failure expect_failure(Call call) {
    std::optional<Failure> failure;
    Rows neighbour{item_table()};
    add_item(neighbour, 40);
    session_->begin();
    session_->insert_missing(neighbour);
    try {
      call();
      session_->commit();
    } catch (const Failure& error) {
      failure = error;
    }
    session_->rollback();
    EXPECT_TRUE(stored(item_table(), {40}, {0}).empty());
    EXPECT_EQ(insert(neighbour), std::vector<bool>{true});
    if (!failure) throw std::logic_error{"the call did not fail as it must"};
    return *failure;
  }

  DataError expect_data_error(const Rows& rows) {
    return expect_failure<DataError>([&] { session_->insert_missing(rows); });
  }
};

Rows one_change(std::size_t column, Cell cell) {
  Rows rows{item_table()};
  const std::span<Cell> cells = rows.add();
  cells[item::id] = uuid_of(1);
  cells[column] = cell;
  return rows;
}

TEST_F(TransactionLaws, rollback_leaves_nothing) {
  Rows rows{item_table()};
  add_item(rows, 3);
  session_->begin();
  session_->insert_missing(rows);
  session_->update(one_change(item::note, std::string_view{"new"}));
  session_->rollback();
  EXPECT_TRUE(stored(item_table(), {3}, {0}).empty());
  EXPECT_EQ(stored_cell(1, item::note), Cell::null());
}

TEST_F(TransactionLaws, a_session_that_is_dropped_leaves_nothing) {
  Rows rows{item_table()};
  add_item(rows, 3);
  session_->begin();
  session_->insert_missing(rows);
  session_ = storage_->open_session();
  EXPECT_TRUE(stored(item_table(), {3}, {0}).empty());
}

TEST_F(TransactionLaws, rollback_without_a_transaction_is_harmless) {
  session_->rollback();
  session_->rollback();
  EXPECT_EQ(stored(item_table(), {1}, {0}).size(), 1U);
}

TEST_F(TransactionLaws, a_second_begin_and_what_is_asked_outside_of_a_transaction_are_refused) {
  Rows rows{item_table()};
  add_item(rows, 3);
  const auto expect_refusals = [&] {
    EXPECT_THROW(session_->commit(), std::logic_error);
    EXPECT_THROW(session_->savepoint(), std::logic_error);
    EXPECT_THROW(session_->rollback_to_savepoint(), std::logic_error);
    EXPECT_THROW(session_->insert_missing(rows), std::logic_error);
    EXPECT_THROW(session_->update(rows), std::logic_error);
  };
  expect_refusals();
  session_->begin();
  session_->savepoint();
  session_->insert_missing(rows);
  EXPECT_THROW(session_->begin(), std::logic_error);
  session_->commit();
  EXPECT_EQ(stored(item_table(), {3}, {0}).size(), 1U);
  expect_refusals();
}

TEST_F(TransactionLaws, an_empty_transaction_can_be_committed) {
  session_->begin();
  session_->commit();
  EXPECT_EQ(stored(item_table(), {1}, {0}).size(), 1U);
}

TEST_F(TransactionLaws, committed_rows_outlive_the_storage) {
  Rows rows{item_table()};
  add_item(rows, 3)[item::note] = std::string_view{"kept"};
  insert(rows);
  session_.reset();
  storage_.reset();
  storage_ = open_storage();
  session_ = storage_->open_session();
  EXPECT_EQ(stored_cell(3, item::note), Cell{std::string_view{"kept"}});
}

TEST_F(TransactionLaws, null_where_none_may_be_is_a_data_error) {
  Rows explicit_null{item_table()};
  add_item(explicit_null, 3)[item::name] = Cell::null();
  expect_data_error(explicit_null);
}

TEST_F(TransactionLaws, an_absent_value_without_a_default_is_a_data_error) {
  Rows rows{item_table()};
  rows.add()[item::id] = uuid_of(3);
  expect_data_error(rows);
}

TEST_F(TransactionLaws, an_update_to_null_where_none_may_be_is_a_data_error) {
  expect_failure<DataError>([&] { session_->update(one_change(item::name, Cell::null())); });
  EXPECT_EQ(stored_cell(1, item::name), Cell{std::string_view{"item"}});
}

TEST_F(TransactionLaws, a_nul_byte_goes_into_an_insert_or_is_a_data_error) {
  Rows rows{item_table()};
  add_item(rows, 3)[item::note] = std::string_view{"a\0b", 3};
  if (!storage_->limits().nul) {
    EXPECT_EQ(expect_data_error(rows).reason(), "nul_byte");
    return;
  }
  insert(rows);
  EXPECT_EQ(stored_cell(3, item::note), (Cell{std::string_view{"a\0b", 3}}));
}

TEST_F(TransactionLaws, a_nul_byte_goes_into_an_update_or_is_a_data_error) {
  const Rows rows = one_change(item::note, std::string_view{"\0", 1});
  if (!storage_->limits().nul) {
    const auto error = expect_failure<DataError>([&] { session_->update(rows); });
    EXPECT_EQ(error.reason(), "nul_byte");
    return;
  }
  update(rows);
  EXPECT_EQ(stored_cell(1, item::note), (Cell{std::string_view{"\0", 1}}));
}

TEST_F(TransactionLaws, a_nul_byte_in_a_key_is_found_or_a_data_error) {
  const Keys keys{.columns = {item::code}, .values = {std::string_view{"a\0b", 3}}};
  const std::vector<std::size_t> columns{item::id};
  const auto find = [&] { return session_->find(item_table(), {{keys}}, columns, Lock::none); };
  if (!storage_->limits().nul) {
    EXPECT_EQ(expect_failure<DataError>(find).reason(), "nul_byte");
    return;
  }
  Rows rows{item_table()};
  add_item(rows, 3)[item::code] = std::string_view{"a\0b", 3};
  add_item(rows, 4)[item::code] = std::string_view{"a\0c", 3};
  insert(rows);
  session_->begin();
  EXPECT_EQ(ids_of(find()), std::vector<unsigned>{3});
  session_->commit();
}

TEST_F(TransactionLaws, a_reference_to_no_row_is_a_data_error) {
  if (const auto why = storage_under_test().lacks("references")) GTEST_SKIP() << *why;
  Rows rows{remark_table()};
  add_remark(rows, 1, 99, 0);
  const DataError error = expect_data_error(rows);
  EXPECT_EQ(error.reason(), "foreign_key");
  EXPECT_NE(error.constraint().find("item_id"), std::string::npos) << error.constraint();
}

TEST_F(TransactionLaws, an_update_to_a_key_that_another_row_holds_is_a_conflict) {
  const Rows rows = one_change(item::code, std::string_view{"code2"});
  const auto error = expect_failure<TransientError>([&] { session_->update(rows); });
  EXPECT_EQ(error.retry(), TransientError::Retry::conflict);
  EXPECT_EQ(stored_cell(1, item::code), Cell{std::string_view{"code1"}});
}

TEST_F(TransactionLaws, an_absent_table_is_told_by_the_kind_of_error) {
  const Table absent{.name = "absent", .columns = {{"id", ColumnType::uuid, false}}};
  Rows rows{absent};
  rows.add()[0] = uuid_of(1);
  const auto failure = expect_failure<TransientError>([&] { session_->insert_missing(rows); });
  EXPECT_EQ(failure.retry(), TransientError::Retry::when_answerable);
  EXPECT_THROW(storage_->prepare(std::array<const Table*, 1>{&absent}, Creation::never),
               ConfigError);
}

TEST_F(TransactionLaws, errors_carry_the_code_of_the_database) {
  Rows rows{item_table()};
  add_item(rows, 3)[item::name] = Cell::null();
  EXPECT_NE(expect_data_error(rows).sqlstate(), "");
}

}  // namespace
}  // namespace hangar::conformance
