#include "packed_event.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace hangar::recorder {
namespace {

using CellKind = Cell::Kind;

// The bytes: the id of the run, a tag for each cell, the values of the cells.
constexpr std::size_t cell_count = task_run::column_count + 6;
constexpr std::size_t tags_at = sizeof(Uuid);
constexpr std::size_t values_at = tags_at + cell_count;
// A tag is `kind + kinds * basis`.
constexpr unsigned kinds = 8;

/// The columns of a run in the order of their cells: those of its identity first.
constexpr auto columns = [] {
  constexpr auto& first = task_run::natural_key;
  std::array<std::size_t, task_run::column_count> order{};
  auto end = std::ranges::copy(first, order.begin()).out;
  for (std::size_t column = 0; column < order.size(); ++column) {
    if (std::ranges::find(first, column) == first.end()) *end++ = column;
  }
  return order;
}();

/// Calls `put` with everything but the id of the run, as cells.
template <class Put>
void each_cell(const TaskRunEvent& event, Put put) {
  for (const std::size_t column : columns) put(event.run[column]);
  put(event.state_message);
  put(event.state_details);
  put(event.state_data);
  put(event.too_long_for_index.empty() ? Cell{} : Cell{event.too_long_for_index});
  put(event.details_flow_run_id ? Cell{*event.details_flow_run_id} : Cell{});
  put(Cell{event.details_task_run_id_at});
}

std::size_t value_size(const Cell& cell) noexcept {
  switch (cell.kind()) {
    case CellKind::absent:
    case CellKind::null:
      break;
    case CellKind::uuid:
      return sizeof(Uuid);
    case CellKind::int4:
      return sizeof(std::int32_t);
    case CellKind::timestamp:
      return sizeof(Timestamp);
    case CellKind::interval:
      return sizeof(Interval);
    case CellKind::text:
      return sizeof(std::uint32_t) + cell.text().size();
    default:  // A run has no others.
      break;
  }
  return 0;
}

class Writer {
 public:
  explicit Writer(std::byte* bytes) : tags_{bytes + tags_at}, values_{bytes + values_at} {}

  void put(const Cell& cell) noexcept {
    *tags_++ = static_cast<std::byte>(static_cast<unsigned>(cell.kind()) +
                                      kinds * static_cast<unsigned>(cell.basis()));
    switch (cell.kind()) {
      case CellKind::absent:
      case CellKind::null:
        break;
      case CellKind::uuid:
        return value(cell.uuid());
      case CellKind::int4:
        return value(cell.int4());
      case CellKind::timestamp:
        return value(cell.timestamp());
      case CellKind::interval:
        return value(cell.interval());
      case CellKind::text:
        value(static_cast<std::uint32_t>(cell.text().size()));
        std::memcpy(values_, cell.text().data(), cell.text().size());
        values_ += cell.text().size();
        break;
      default:
        break;
    }
  }

 private:
  template <class Value>
  void value(const Value& value) noexcept {
    std::memcpy(values_, &value, sizeof value);
    values_ += sizeof value;
  }

  std::byte* tags_;
  std::byte* values_;
};

class Reader {
 public:
  explicit Reader(const std::byte* bytes) : tags_{bytes + tags_at}, values_{bytes + values_at} {}

  Cell get() noexcept {
    const auto tag = static_cast<unsigned>(*tags_++);
    return value_of(static_cast<CellKind>(tag % kinds)).on(static_cast<Cell::Basis>(tag / kinds));
  }

 private:
  Cell value_of(CellKind kind) noexcept {
    switch (kind) {
      case CellKind::absent:
        break;
      case CellKind::null:
        return Cell::null();
      case CellKind::uuid:
        return value<Uuid>();
      case CellKind::int4:
        return value<std::int32_t>();
      case CellKind::timestamp:
        return value<Timestamp>();
      case CellKind::interval:
        return value<Interval>();
      case CellKind::text: {
        const auto size = value<std::uint32_t>();
        values_ += size;
        return std::string_view{reinterpret_cast<const char*>(values_ - size), size};
      }
      default:
        break;
    }
    return {};
  }
  template <class Value>
  Value value() noexcept {
    Value value;
    std::memcpy(&value, values_, sizeof value);
    values_ += sizeof value;
    return value;
  }

  const std::byte* tags_;
  const std::byte* values_;
};

}  // namespace

std::size_t PackedEvent::size(const TaskRunEvent& event) noexcept {
  std::size_t size = values_at;
  each_cell(event, [&](const Cell& cell) { size += value_size(cell); });
  return size;
}

PackedEvent::PackedEvent(const TaskRunEvent& event, std::byte* memory) noexcept : bytes_{memory} {
  std::memcpy(memory, &event.run_id, sizeof event.run_id);
  each_cell(event, [writer = Writer{memory}](const Cell& cell) mutable { writer.put(cell); });
}

PackedEvent::PackedEvent(const TaskRunEvent& event, std::pmr::memory_resource& memory)
    : PackedEvent{event, static_cast<std::byte*>(memory.allocate(size(event), 1))} {}

PackedEvent::Identity PackedEvent::identity() const noexcept {
  Identity identity;
  std::memcpy(&identity.run_id, bytes_, sizeof identity.run_id);
  Reader reader{bytes_};
  if (const Cell flow_run_id = reader.get(); !flow_run_id.is_null()) {
    const Cell task_key = reader.get();
    identity.key = {flow_run_id.uuid(), task_key.text(), reader.get().text()};
  }
  return identity;
}

TaskRunEvent PackedEvent::unpack() const noexcept {
  TaskRunEvent event;
  std::memcpy(&event.run_id, bytes_, sizeof event.run_id);
  Reader reader{bytes_};
  for (const std::size_t column : columns) event.run[column] = reader.get();
  event.state_message = reader.get();
  event.state_details = reader.get();
  event.state_data = reader.get();
  if (const Cell texts = reader.get(); !texts.absent()) event.too_long_for_index = texts.text();
  if (const Cell id = reader.get(); !id.absent()) event.details_flow_run_id = id.uuid();
  event.details_task_run_id_at = reader.get().int4();
  return event;
}

}  // namespace hangar::recorder
