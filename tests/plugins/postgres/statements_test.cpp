#include "statements.hpp"

#include <gtest/gtest.h>

#include "things.hpp"

namespace hangar::postgres {
namespace {

using Columns = std::vector<std::size_t>;

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST(Statements, identifiers_and_literals_cannot_be_left) {
  EXPECT_EQ(quoted_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(literal("it's"), "'it''s'");
}

TEST(Statements, only_columns_of_unique_indexes_are_keys) {
  EXPECT_TRUE(thing_table().in_unique_key(thing::id));
  EXPECT_TRUE(thing_table().in_unique_key(thing::owner));
  EXPECT_TRUE(thing_table().in_unique_key(thing::part));
  EXPECT_FALSE(thing_table().in_unique_key(thing::name));
  EXPECT_FALSE(mark_table().in_unique_key(mark::thing_id));
}

TEST(Statements, an_update_that_leaves_the_keys_does_not_name_them) {
  const std::string narrow = update_statement(thing_table(), UpdateForm::leaves_keys);
  EXPECT_FALSE(has(narrow, "\"owner\""));
  EXPECT_FALSE(has(narrow, "\"part\""));
  EXPECT_TRUE(has(narrow, "\"name\" = CASE"));
  const std::string wide = update_statement(thing_table(), UpdateForm::writes_keys);
  EXPECT_TRUE(has(wide, "\"owner\" = CASE"));
  EXPECT_TRUE(has(wide, "\"part\" = CASE"));
  EXPECT_FALSE(has(wide, "SET \"id\""));
  EXPECT_EQ(
      update_columns(thing_table(), UpdateForm::leaves_keys),
      (Columns{thing::made, thing::name, thing::count, thing::kind, thing::spent, thing::body}));
}

TEST(Statements, find_takes_all_keys_in_one_statement) {
  const std::vector<Keys> keys{{{thing::id}, {}}, {{thing::owner, thing::part}, {}}};
  const Columns columns{thing::name};
  const std::string text = find_statement(thing_table(), keys, columns, Lock::rows);
  EXPECT_TRUE(text.starts_with("SELECT \"id\", \"name\" FROM \"thing\" WHERE \"id\" = ANY("));
  EXPECT_TRUE(text.ends_with(" ORDER BY \"id\" FOR NO KEY UPDATE"));
  EXPECT_TRUE(has(text, "$3::text[]"));
  EXPECT_FALSE(has(text, "$4"));
  EXPECT_TRUE(
      find_statement(thing_table(), keys, columns, Lock::none).ends_with("ORDER BY \"id\""));
}

TEST(Statements, insert_takes_one_array_for_each_column) {
  const std::string text = insert_statement(thing_table());
  EXPECT_TRUE(has(text, "unnest($9::jsonb[])"));
  EXPECT_FALSE(has(text, "$10"));
  EXPECT_TRUE(has(text, "unnest($7::text[])::\"colour\""));
  EXPECT_TRUE(text.ends_with("ON CONFLICT DO NOTHING RETURNING \"id\""));
}

TEST(Statements, creation_follows_the_declaration) {
  EXPECT_EQ(create_enumeration(thing_table()), "CREATE TYPE \"colour\" AS ENUM ('RED', 'it''s')");
  const std::vector<std::string> texts = create_statements(thing_table());
  ASSERT_EQ(texts.size(), 3U);
  EXPECT_TRUE(has(texts[0], "\"made\" timestamptz NOT NULL DEFAULT now()")) << texts[0];
  EXPECT_TRUE(has(texts[0], "\"count\" int4 NOT NULL DEFAULT '7'")) << texts[0];
  EXPECT_TRUE(has(texts[0], "\"owner\" uuid,")) << texts[0];
  EXPECT_TRUE(has(texts[0], "CONSTRAINT \"pk_thing\" PRIMARY KEY (\"id\")")) << texts[0];
  EXPECT_EQ(texts[1],
            "CREATE UNIQUE INDEX \"uq_thing__owner_part\" ON \"thing\" (\"owner\", \"part\" DESC)");
  EXPECT_EQ(texts[2], "CREATE INDEX \"ix_thing__owner\" ON \"thing\" (\"owner\")");
  EXPECT_EQ(create_trigram_indexes(thing_table()),
            std::vector<std::string>{"CREATE INDEX \"trgm_ix_thing__name\" ON \"thing\" USING gin "
                                     "(\"name\" gin_trgm_ops)"});
  EXPECT_EQ(create_foreign_keys(mark_table()),
            std::vector<std::string>{
                "ALTER TABLE \"mark\" ADD CONSTRAINT \"fk_mark__thing_id__thing\" FOREIGN KEY "
                "(\"thing_id\") REFERENCES \"thing\" (id) ON DELETE CASCADE"});
}

}  // namespace
}  // namespace hangar::postgres
