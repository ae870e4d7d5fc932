#include "event_rows.hpp"

#include <cstring>
#include <new>

namespace hangar::persister {
namespace {

static_assert(alignof(ResourceRow) == alignof(void*));

template <class Visit>
void each_text(EventRows& rows, Visit visit) {
  visit(rows.event);
  visit(rows.resource_id);
  visit(rows.resource);
  visit(rows.related_resource_ids);
  visit(rows.related);
  visit(rows.payload);
}

template <class Visit>
void each_text(ResourceRow& row, Visit visit) {
  visit(row.resource_id);
  visit(row.resource_role);
  visit(row.resource);
}

}  // namespace

std::size_t packed_size(const EventRows& rows) noexcept {
  std::size_t size = rows.resources.size_bytes();
  const auto add = [&](std::string_view text) { size += text.size(); };
  EventRows event = rows;
  each_text(event, add);
  for (ResourceRow resource : rows.resources) each_text(resource, add);
  return size;
}

EventRows packed(const EventRows& rows, std::byte* memory) noexcept {
  auto* const texts = memory + rows.resources.size_bytes();
  std::size_t used = 0;
  const auto move = [&](std::string_view& text) {
    auto* const at = reinterpret_cast<char*>(texts + used);
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    used += text.size();
    text = {at, text.size()};
  };
  EventRows copy = rows;
  each_text(copy, move);
  auto* const first = reinterpret_cast<ResourceRow*>(memory);
  for (std::size_t i = 0; i < rows.resources.size(); ++i) {
    auto* const resource = new (memory + i * sizeof(ResourceRow)) ResourceRow{rows.resources[i]};
    each_text(*resource, move);
  }
  copy.resources = {first, rows.resources.size()};
  return copy;
}

}  // namespace hangar::persister
