#include "verify/shadow_tables.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sample_tables.hpp"

namespace hangar {
namespace {

using Sample = SampleTables;

struct Bench {
  explicit Bench(std::optional<std::size_t> sample = std::nullopt, std::uint64_t seed = 0)
      : kept{sample, seed} {
    kept.declare(tables.all);
  }
  Rows by_id(const Table& table, std::uint32_t number) const {
    return find(table, {.columns = {0}, .values = {Sample::uuid(number)}});
  }
  Rows find(const Table& table, Keys keys) const {
    std::vector<std::size_t> columns;
    for (std::size_t i = 0; i < table.columns.size(); ++i) columns.push_back(i);
    return kept.find(table, {{std::move(keys)}}, columns);
  }
  std::vector<std::uint8_t> run_numbers() const {
    std::vector<std::uint8_t> numbers;
    for (std::uint32_t i = 0; i < 256; ++i) {
      if (!by_id(tables.runs, i).empty()) numbers.push_back(static_cast<std::uint8_t>(i));
    }
    return numbers;
  }

  SampleTables tables;
  ShadowTables kept;
};

TEST(ShadowTables, a_row_goes_in_unless_a_unique_key_is_taken) {
  Bench bench;
  const auto insert = [&](const Rows& rows) -> bool {
    return bench.kept.insert_missing(rows).front();
  };
  EXPECT_TRUE(insert(bench.tables.run(1, "a", 1)));
  EXPECT_FALSE(insert(bench.tables.run(1, "b", 1)));
  EXPECT_FALSE(insert(bench.tables.run(2, "a", 1)));
  EXPECT_TRUE(insert(bench.tables.run(3, std::nullopt, 1)));
  EXPECT_TRUE(insert(bench.tables.run(4, std::nullopt, 1))) << "nulls are no two of a kind";
  EXPECT_TRUE(insert(bench.tables.state(1, 1, 5)));
  EXPECT_FALSE(insert(bench.tables.state(2, 1, 5)));
  EXPECT_EQ(bench.kept.roots(), 3U);
}

TEST(ShadowTables, what_was_written_is_found_by_every_key) {
  Bench bench;
  bench.kept.insert_missing(bench.tables.run(1, "a", 1, std::string_view{"first"}));
  Rows change{bench.tables.runs};
  const auto row = change.add();
  row[Sample::id] = Sample::uuid(1);
  row[Sample::key] = std::string_view{"b"};
  row[Sample::edition] = std::int32_t{2};
  bench.kept.update(change);
  const Keys old{.columns = {Sample::key}, .values = {std::string_view{"a"}}};
  const Keys now{.columns = {Sample::key}, .values = {std::string_view{"b"}}};
  EXPECT_TRUE(bench.find(bench.tables.runs, old).empty());
  const Rows found = bench.find(bench.tables.runs, now);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0][Sample::edition], Cell{std::int32_t{2}});
  EXPECT_EQ(found[0][Sample::note], Cell{std::string_view{"first"}}) << "an absent cell";
}

TEST(ShadowTables, rows_of_one_update_may_exchange_their_keys) {
  Bench bench;
  bench.kept.insert_missing(bench.tables.run(1, "a", 1));
  bench.kept.insert_missing(bench.tables.run(2, "b", 1));
  Rows change{bench.tables.runs};
  for (const auto& [number, name] : {std::pair{1U, "b"}, std::pair{2U, "a"}}) {
    const auto row = change.add();
    row[Sample::id] = Sample::uuid(number);
    row[Sample::key] = std::string_view{name};
  }
  bench.kept.update(change);
  const Keys key{.columns = {Sample::key}, .values = {std::string_view{"a"}}};
  const Rows found = bench.find(bench.tables.runs, key);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0][Sample::id], Cell{Sample::uuid(2)});
}

TEST(ShadowTables, a_sample_is_drawn_by_the_seed_whatever_the_order_and_keeps_all_of_its_runs) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < 200; ++i) order.push_back(i);
  const auto drawn = [&](std::uint64_t seed) {
    Bench bench{std::size_t{10}, seed};
    for (const std::uint32_t i : order) {
      EXPECT_TRUE(bench.kept.insert_missing(bench.tables.run(i, std::to_string(i), 1)).front());
      bench.kept.insert_missing(bench.tables.state(2 * i, i, 1));
    }
    for (const std::uint32_t i : order)
      bench.kept.insert_missing(bench.tables.state(2 * i + 1, i, 2));
    auto numbers = bench.run_numbers();
    EXPECT_EQ(numbers.size(), 10U);
    for (std::uint32_t i = 0; i < 200; ++i) {
      const bool kept = std::ranges::find(numbers, i) != numbers.end();
      EXPECT_EQ(bench.by_id(bench.tables.states, 2 * i).empty(), !kept);
      EXPECT_EQ(bench.by_id(bench.tables.states, 2 * i + 1).empty(), !kept);
    }
    return numbers;
  };
  const auto first = drawn(1);
  std::ranges::reverse(order);
  EXPECT_EQ(drawn(1), first);
  EXPECT_NE(drawn(2), first);
}

TEST(ShadowTables, a_run_under_two_ids_is_one_draw) {
  // The second id of a natural key comes when the run under the first one is there or is not drawn.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Bench bench{std::size_t{5}, seed};
    for (std::uint32_t i = 0; i < 40; ++i) {
      bench.kept.insert_missing(bench.tables.run(i, std::to_string(i), 1));
    }
    const auto before = bench.run_numbers();
    for (std::uint32_t i = 0; i < 40; ++i) {
      bench.kept.insert_missing(bench.tables.run(100 + i, std::to_string(i), 2));
    }
    EXPECT_EQ(bench.run_numbers(), before);
  }
}

TEST(ShadowTables, what_was_not_written_for_longest_comes_first_and_takes_its_parts_along) {
  Bench bench;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    bench.kept.insert_missing(bench.tables.run(i, std::to_string(i), 1));
    bench.kept.insert_missing(bench.tables.state(i, i, 1));
  }
  bench.kept.update(bench.tables.run(1, "1", 2));
  const auto names = bench.kept.longest_untouched(2);
  ASSERT_EQ(names.size(), 2U);
  EXPECT_EQ(names[0].second, Sample::uuid(2));
  EXPECT_EQ(names[1].second, Sample::uuid(3));
  bench.kept.drop(names[0]);
  EXPECT_TRUE(bench.by_id(bench.tables.states, 2).empty());
  EXPECT_FALSE(bench.by_id(bench.tables.states, 3).empty());
  EXPECT_TRUE(bench.kept.insert_missing(bench.tables.run(2, "2", 3)).front());
  EXPECT_FALSE(bench.kept.at({0, Sample::uuid(2)}).whole) << "it was known before";
  EXPECT_TRUE(bench.kept.at({0, Sample::uuid(1)}).whole);
  for (const auto& name : bench.kept.longest_untouched(9)) bench.kept.drop(name);
  EXPECT_EQ(bench.kept.bytes(), 0U);
  EXPECT_EQ(bench.kept.roots(), 0U);
}

}  // namespace
}  // namespace hangar
