#include "batch/watched_session.hpp"

#include <algorithm>

namespace hangar::batch {

template <class Call>
auto WatchedSession::read(Call call) {
  try {
    return call();
  } catch (...) {
    last_.reset();
    throw;
  }
}

template <class Call>
std::size_t WatchedSession::write(Statement::Kind kind, const Table& table, Call call) {
  last_ = Statement{kind, &table};
  const std::size_t rows = call();
  if (rows > 0) took_.push_back(*last_);
  return rows;
}

Rows WatchedSession::find(const Table& table, std::span<const Keys> keys,
                          std::span<const std::size_t> columns, Lock lock) {
  return read([&] { return session_.find(table, keys, columns, lock); });
}

Rows WatchedSession::scan(const Table& table, const Range& range,
                          std::span<const std::size_t> columns, std::size_t limit) {
  return read([&] { return session_.scan(table, range, columns, limit); });
}

std::vector<bool> WatchedSession::insert_missing(const Rows& rows) {
  std::vector<bool> inserted;
  write(Statement::Kind::insert, rows.table(), [&] {
    inserted = session_.insert_missing(rows);
    return static_cast<std::size_t>(std::ranges::count(inserted, true));
  });
  return inserted;
}

std::size_t WatchedSession::update(const Rows& rows) {
  return write(Statement::Kind::update, rows.table(), [&] { return session_.update(rows); });
}

std::size_t WatchedSession::add(const Rows& rows, std::span<const std::size_t> columns) {
  return write(Statement::Kind::add, rows.table(), [&] { return session_.add(rows, columns); });
}

std::size_t WatchedSession::erase(const Table& table, std::span<const Keys> keys) {
  return write(Statement::Kind::erase, table, [&] { return session_.erase(table, keys); });
}

std::size_t WatchedSession::erase(const Table& table, const Range& range, std::size_t limit) {
  return write(Statement::Kind::erase, table, [&] { return session_.erase(table, range, limit); });
}

}  // namespace hangar::batch
