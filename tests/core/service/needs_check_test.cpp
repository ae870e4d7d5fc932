#include "service/needs_check.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "hangar/error.hpp"
#include "hangar/table.hpp"

namespace hangar {
namespace {

const Table items{.name = "item",
                  .columns = {{"id", ColumnType::uuid, false},
                              {"at", ColumnType::timestamp},
                              {"kind", ColumnType::text}}};

const Table nameless{.name = "", .columns = {{"id", ColumnType::uuid, false}}};

Needs good() {
  Needs needs{.tables = {&items}, .publishes = {{"COPIES", "copies.>"}}};
  needs.listens.emplace_back("127.0.0.1:0");
  needs.reads.emplace_back("ORIGINALS", "originals.>", "durable");
  needs.live.push_back({.stream = "ORIGINALS", .filter_subject = "originals.>"});
  needs.steers.push_back({"PREFECT_EVENTS", "events-triggers"});
  needs.leases.emplace_back("retention");
  needs.expires.push_back({.table = &items, .column = 1, .where = 2, .is = "noise"});
  return needs;
}

std::string refusal(const Needs& needs) {
  try {
    check_needs("author", needs);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST(NeedsCheck, what_can_be_met_passes) {
  EXPECT_EQ(refusal(good()), "");
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({.lanes = 0}), "");
}

TEST(NeedsCheck, what_nothing_can_meet_is_named) {
  struct Row {
    std::function<void(Needs&)> change;
    std::string said;
  };
  const std::vector<Row> rows{
      {[](Needs& needs) { needs.tables.push_back(nullptr); }, "it needs a table that is null"},
      {[](Needs& needs) { needs.tables.push_back(&nameless); }, "it needs a table without a name"},
      {[](Needs& needs) { needs.tables.push_back(&items); }, "it needs two tables named 'item'"},
      {[](Needs& needs) { needs.lanes = 0; }, "it needs tables, but no lane"},
      {[](Needs& needs) { needs.lanes = 257; }, "it needs 257 lanes, and 256 are the most"},
      {[](Needs& needs) { needs.background_lanes = 256; },
       "it needs 257 lanes, and 256 are the most"},
      {[](Needs& needs) { needs.reads[0].batch_size = 10'001; },
       "the source 'main' has batches of 10001 messages, and 10000 are the most"},
      {[](Needs& needs) { needs.live[0].name = "main"; }, "it reads two sources named 'main'"},
      {[](Needs& needs) { needs.live[0].from_sequence = 0; },
       "the source 'live' begins at position 0, and the first is 1"},
      {[](Needs& needs) { needs.publishes.push_back(needs.publishes[0]); },
       "it publishes twice to 'COPIES on copies.>'"},
      {[](Needs& needs) { needs.publishes[0].subject = "copies..a"; },
       "what it publishes on: `copies..a` is no subject: words with a dot between each two, and no "
       "blanks"},
      {[](Needs& needs) { needs.live[0].stream.clear(); },
       "a stream that it sees go by: `` cannot be a name in JetStream: no blanks, dots, `*`, `>`, "
       "`/` or `\\`"},
      {[](Needs& needs) { needs.live.push_back(needs.live[0]); },
       "it reads two sources named 'live'"},
      {[](Needs& needs) {
         needs.publishes.push_back({"", "copies.>"});
       },
       "it publishes to a stream without a name or a subject"},
      {[](Needs& needs) {
         needs.publishes.push_back({"COPIES", ""});
       },
       "it publishes to a stream without a name or a subject"},
      {[](Needs& needs) { needs.listens[0].name.clear(); }, "it listens without a name"},
      {[](Needs& needs) { needs.listens.push_back(needs.listens[0]); },
       "it listens twice as 'http'"},
      {[](Needs& needs) { needs.reads[0].name.clear(); }, "it reads a source without a name"},
      {[](Needs& needs) { needs.reads.push_back(needs.reads[0]); },
       "it reads two sources named 'main'"},
      {[](Needs& needs) { needs.reads[0].batch_size = 0; },
       "the source 'main' has batches of no message"},
      {[](Needs& needs) {
         needs.steers.push_back({"OTHER", "events-triggers"});
       },
       "it steers two consumers named 'events-triggers'"},
      {[](Needs& needs) { needs.steers[0].stream = "TWO.WORDS"; },
       "the stream of a consumer that it steers: `TWO.WORDS` cannot be a name in JetStream: no "
       "blanks, dots, `*`, `>`, `/` or `\\`"},
      {[](Needs& needs) { needs.leases.emplace_back("retention"); },
       "it has two leases named 'retention'"},
      {[](Needs& needs) { needs.leases[0].clear(); },
       "a lease: `` cannot be a name in JetStream: no blanks, dots, `*`, `>`, `/` or `\\`"},
      {[](Needs& needs) { needs.expires[0].table = &nameless; },
       "rows expire of a table that it does not need"},
      {[](Needs& needs) { needs.expires[0].column = 2; },
       "rows of item expire by a timestamp, and where a text is something"},
      {[](Needs& needs) { needs.expires[0].where = 3; },
       "rows of item expire by a timestamp, and where a text is something"},
  };
  for (const Row& row : rows) {
    Needs needs = good();
    row.change(needs);
    EXPECT_EQ(refusal(needs), "services.author: " + row.said);
  }
}

TEST(NeedsCheck, an_address_that_is_none_is_named_by_its_setting) {
  for (const char* address : {"", "nowhere", "127.0.0.1:70000"}) {
    Needs needs = good();
    needs.listens[0].address = address;
    EXPECT_TRUE(refusal(needs).starts_with("services.author.listen: ")) << refusal(needs);
  }
}

}  // namespace
}  // namespace hangar
