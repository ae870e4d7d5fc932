#include "hot_path.hpp"

#include <stdexcept>

namespace hangar::bench {
namespace {

// The same in every run, so that the same instructions are counted.
constexpr Timestamp present{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}};

}  // namespace

void HotPath::decode(std::span<const std::string_view> messages) {
  fold_.reset();
  events_.clear();
  for (const std::string_view message : messages) {
    texts_.release();
    const auto decoded = decoder_.decode(message, present, texts_);
    if (!decoded) throw std::runtime_error{"an event that the recorder does not count"};
    memory_.next_item<recorder::PackedEvent>();
    events_.push_back(memory_.item(recorder::item_of(*decoded, memory_)));
  }
}

void HotPath::assign_lanes() {
  std::uint64_t arrival = 0;
  for (const auto& event : events_) {
    if (!lanes_.assign(event->names, ++arrival)) throw std::logic_error{"runs are not disjoint"};
  }
  arrival = 0;
  for (const auto& event : events_) lanes_.release(event->names, ++arrival);
}

void HotPath::fold() {
  batch_.clear();
  for (const auto& event : events_) {
    batch_.push_back(static_cast<const detail::ItemOf<recorder::PackedEvent>&>(*event).value);
  }
  fold_.emplace(batch_, present);
  fold_->apply(Rows{recorder::task_run_table()}, batch_.size());
}

std::size_t HotPath::encode() {
  encoder_.clear();
  encode(fold_->inserts());
  encode(fold_->states());
  return encoder_.size();
}

void HotPath::encode(const Rows& rows) {
  const std::vector<Column>& columns = rows.table().columns;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    encoder_.reserve(sizeof(std::int16_t));
    encoder_.put(static_cast<std::int16_t>(columns.size()));
    for (std::size_t column = 0; column < columns.size(); ++column) {
      encoder_.add(columns[column].type, rows[row][column]);
    }
  }
}

}  // namespace hangar::bench
