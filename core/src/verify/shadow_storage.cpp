#include "verify/shadow_storage.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace hangar {

/// A session whose transactions are not undone: where one fails after it wrote, so does the next.
class ShadowStorage::Transactions final : public Session {
 public:
  explicit Transactions(ShadowStorage& shadow) : shadow_{shadow} {}

  void begin() override {
    turn_ = std::unique_lock{shadow_.mutex_};
    wrote_ = false;
    try {
      if (shadow_.broken_) {
        throw std::logic_error{"a transaction failed in memory: this service cannot be verified"};
      }
      // Before anything is written, because the database may not answer and all is tried again.
      if (shadow_.tables_.bytes() > shadow_.options_.most_bytes) {
        shadow_.compare_some(shadow_.tables_.roots() / 2 + 1);
      }
    } catch (...) {
      turn_.unlock();
      throw;
    }
  }
  void commit() override { turn_.unlock(); }
  void rollback() noexcept override {
    if (!turn_.owns_lock()) return;
    shadow_.broken_ = shadow_.broken_ || wrote_;
    turn_.unlock();
  }
  Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
            Lock /*lock*/) override {
    return shadow_.tables_.find(table, keys, columns);
  }
  std::vector<bool> insert_missing(const Rows& rows) override {
    wrote_ = true;
    return shadow_.tables_.insert_missing(rows);
  }
  std::size_t update(const Rows& rows) override {
    wrote_ = true;
    // Of a sample, an insert of this transaction may have put out what it updates now.
    shadow_.tables_.update(rows);
    return rows.size();
  }
  Rows scan(const Table& table, const Range& range, std::span<const std::size_t> columns,
            std::size_t limit) override {
    return shadow_.tables_.scan(table, range, columns, limit);
  }
  std::size_t add(const Rows& rows, std::span<const std::size_t> columns) override {
    wrote_ = true;
    shadow_.tables_.add(rows, columns);
    return rows.size();
  }
  std::size_t erase(const Table& table, std::span<const Keys> keys) override {
    wrote_ = true;
    return shadow_.tables_.erase(table, keys);
  }
  using Session::erase;
  void savepoint() override {}
  void rollback_to_savepoint() override {
    if (wrote_) throw std::logic_error{"a row was refused in memory"};
  }

 private:
  ShadowStorage& shadow_;
  std::unique_lock<std::mutex> turn_;
  bool wrote_ = false;
};

void ShadowStorage::incomplete() {
  const std::lock_guard lock{mutex_};
  tables_.incomplete();
}

const Comparison::Outcome& ShadowStorage::finish() {
  const std::lock_guard lock{mutex_};
  compare_some(std::numeric_limits<std::size_t>::max());
  return comparison_.outcome();
}

void ShadowStorage::compare_some(std::size_t roots) {
  constexpr std::size_t at_once = 500;
  const auto all = tables_.longest_untouched(roots);
  for (std::span names{all}; !names.empty();
       names = names.subspan(std::min(at_once, names.size()))) {
    const auto some = names.first(std::min(at_once, names.size()));
    comparison_.compare(tables_, some);
    for (const auto& name : some) tables_.drop(name);
  }
}

void ShadowStorage::prepare(std::span<const Table* const> tables, Creation /*creation*/) {
  const std::lock_guard lock{mutex_};
  tables_.declare(tables);
}

std::vector<Check> ShadowStorage::examine(std::span<const Table* const> /*tables*/,
                                          Creation /*creation*/) {
  return {};
}

std::unique_ptr<Session> ShadowStorage::open_session() {
  return std::make_unique<Transactions>(*this);
}

}  // namespace hangar
