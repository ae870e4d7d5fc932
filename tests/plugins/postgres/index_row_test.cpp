#include "index_row.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace hangar::postgres::test {
namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

Connection connect() {
  const char* const url = std::getenv("HANGAR_TEST_POSTGRES_URL");
  Connection connection{PQconnectdb(url == nullptr ? "" : url), &PQfinish};
  EXPECT_EQ(PQstatus(connection.get()), CONNECTION_OK) << PQerrorMessage(connection.get());
  return connection;
}

void run(PGconn* connection, const char* sql) {
  const Result result{PQexec(connection, sql), &PQclear};
  EXPECT_EQ(PQresultStatus(result.get()), PGRES_COMMAND_OK) << PQerrorMessage(connection);
}

/// Two texts, a uuid or NULL in front of them if there is one: what an index has to hold.
struct Row {
  std::string first;
  std::string second;
  bool alone = false;  ///< Only `second`, in an index of one column.
  bool null = false;

  [[nodiscard]] bool fits() const {
    const std::array<Cell, 3> values{null ? Cell::null() : Cell{Uuid{}}, std::string_view{first},
                                     std::string_view{second}};
    return index_takes(std::span{values}.subspan(alone ? 2 : 0));
  }
};

bool postgres_takes(PGconn* connection, const Row& row) {
  run(connection, "SAVEPOINT row");
  const char* const id = row.null ? nullptr : "7c475718-49dc-4b34-aae3-732d38c115d6";
  const std::array<const char*, 3> pair{id, row.first.c_str(), row.second.c_str()};
  const char* const text = row.second.c_str();
  const Result result{row.alone ? PQexecParams(connection, "INSERT INTO texts VALUES ($1)", 1,
                                               nullptr, &text, nullptr, nullptr, 0)
                                : PQexecParams(connection, "INSERT INTO pairs VALUES ($1, $2, $3)",
                                               3, nullptr, pair.data(), nullptr, nullptr, 0),
                      &PQclear};
  const bool taken = PQresultStatus(result.get()) == PGRES_COMMAND_OK;
  if (!taken) {
    EXPECT_STREQ(PQresultErrorField(result.get(), PG_DIAG_SQLSTATE), "54000");
  }
  run(connection, "ROLLBACK TO row");
  return taken;
}

/// Texts of every grade of order: noise of few or many letters, repeated words, copies of earlier
/// parts, scripts of two to four bytes a character.
class Texts {
 public:
  explicit Texts(unsigned seed) : random_{seed} {}

  std::string draw(std::size_t size) {
    std::string text;
    const unsigned kind = below(5);
    const unsigned letters = 2 + below(60);
    while (text.size() < size) append(text, kind, letters);
    return text;
  }
  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }

 private:
  void append(std::string& text, unsigned kind, unsigned letters) {
    if (kind == 0) {
      text += static_cast<char>('0' + below(letters));
    } else if (kind == 1) {
      std::string word;
      for (unsigned i = 1 + below(12); i > 0; --i) word += static_cast<char>('0' + below(64));
      for (unsigned i = 1 + below(4); i > 0; --i) text += word;
    } else if (kind == 2 && text.size() > 300 && below(3) == 0) {
      const std::size_t back =
          20 + below(static_cast<unsigned>(std::min<std::size_t>(text.size() - 20, 6000)));
      text += text.substr(text.size() - back, below(300));
    } else if (kind == 3) {
      constexpr std::array words{"\u00e9", "\u2603", "\U0001f600", "\u0416", "a", "b", "zz"};
      text += words[below(words.size())];
    } else if (kind == 4) {
      const unsigned code = 0x4e00 + below(letters * 20);
      text += static_cast<char>(0xE0 | (code >> 12));
      text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      text += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      text += static_cast<char>('0' + below(64));
    }
  }

  std::mt19937 random_;
};

/// The first `size` bytes, fewer where a character would be cut, in two parts.
Row split(const std::string& text, std::size_t size, const Row& shape, unsigned percent) {
  const auto whole = [&](std::size_t end) {
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return end;
  };
  const std::size_t end = whole(size);
  const std::size_t middle = shape.alone ? 0 : whole(end * percent / 100);
  return {text.substr(0, middle), text.substr(middle, end - middle), shape.alone, shape.null};
}

TEST(IndexRow, fits_exactly_when_postgres_takes_it) {
  const Connection connection = connect();
  run(connection.get(), "BEGIN");
  run(connection.get(), "CREATE TABLE pairs (id uuid, a varchar, b varchar)");
  run(connection.get(), "CREATE UNIQUE INDEX ON pairs (id, a, b)");
  run(connection.get(), "CREATE TABLE texts (a varchar)");
  run(connection.get(), "CREATE INDEX ON texts (a)");
  Texts texts{20261124};
  std::size_t refused = 0;
  for (int round = 0; round < 60; ++round) {
    const std::string text = texts.draw(40'000);
    const unsigned percent = 1 + texts.below(99);
    const Row shape{{}, {}, texts.below(2) == 0, texts.below(3) == 0};
    std::size_t low = 1000;
    std::size_t high = 39'000;
    while (high - low > 1) {
      const std::size_t middle = (low + high) / 2;
      (split(text, middle, shape, percent).fits() ? low : high) = middle;
    }
    for (std::size_t size = low - 4; size < low + 6; ++size) {
      const Row row = split(text, size, shape, percent);
      ASSERT_EQ(row.fits(), postgres_takes(connection.get(), row))
          << "round " << round << ", " << row.first.size() << " and " << row.second.size();
      refused += row.fits() ? 0U : 1U;
    }
  }
  EXPECT_GT(refused, 100U);
  run(connection.get(), "ROLLBACK");
}

}  // namespace
}  // namespace hangar::postgres::test
