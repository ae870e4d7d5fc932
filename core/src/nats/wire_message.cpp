#include "nats/wire_message.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>
#include <stdexcept>

namespace hangar {
namespace {

struct Free {
  void operator()(const char** list) const noexcept { std::free(list); }  // NOLINT: cnats's malloc
};
using List = std::unique_ptr<const char*, Free>;

// cnats takes what it only reads by a pointer to non-const.
natsMsg* mutable_of(const natsMsg& message) noexcept { return const_cast<natsMsg*>(&message); }

std::string_view view(const char* text) noexcept {
  return text ? std::string_view{text} : std::string_view{};
}

}  // namespace

WireMessage make_message(const std::string& subject, const std::string& reply,
                         std::string_view body, const Headers& headers) {
  if (body.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw std::invalid_argument{"a NATS message cannot be larger than 2 GiB"};
  }
  // A connection opens the library too, but a message may come before the first one.
  static const natsStatus opened = nats_Open(-1);
  if (opened != NATS_OK) throw std::bad_alloc{};
  natsMsg* made = nullptr;
  const natsStatus status =
      natsMsg_Create(&made, subject.c_str(), reply.empty() ? nullptr : reply.c_str(), body.data(),
                     static_cast<int>(body.size()));
  if (status == NATS_NO_MEMORY) throw std::bad_alloc{};
  if (status != NATS_OK) throw std::invalid_argument{"no NATS subject: `" + subject + "`"};
  WireMessage message{made};
  for (const auto& [name, value] : headers) {
    if (natsMsgHeader_Add(made, name.c_str(), value.c_str()) != NATS_OK) throw std::bad_alloc{};
  }
  return message;
}

void SpentMessages::add(WireMessage message) noexcept {
  bytes_ += body_of(*message).size();
  messages_.push_back(std::move(message));
  if (messages_.size() < most && bytes_ < most_bytes) return;
  messages_.clear();
  bytes_ = 0;
}

std::string_view body_of(const natsMsg& message) noexcept {
  return {natsMsg_GetData(mutable_of(message)),
          static_cast<std::size_t>(natsMsg_GetDataLength(mutable_of(message)))};
}

std::string_view subject_of(const natsMsg& message) noexcept {
  return view(natsMsg_GetSubject(mutable_of(message)));
}

std::string_view reply_of(const natsMsg& message) noexcept {
  return view(natsMsg_GetReply(mutable_of(message)));
}

std::optional<std::string_view> header_of(natsMsg& message, const char* name) noexcept {
  const char* value = nullptr;
  if (natsMsgHeader_Get(&message, name, &value) != NATS_OK) return std::nullopt;
  return view(value);
}

Headers headers_of(natsMsg& message) {
  Headers headers;
  const char** raw = nullptr;
  int count = 0;
  if (natsMsgHeader_Keys(&message, &raw, &count) != NATS_OK) return headers;
  const List names{raw};
  for (int i = 0; i < count; ++i) {
    const char* name = names.get()[i];
    const char** raw_values = nullptr;
    int values_count = 0;
    if (natsMsgHeader_Values(&message, name, &raw_values, &values_count) != NATS_OK) continue;
    const List values{raw_values};
    for (int j = 0; j < values_count; ++j) headers.emplace_back(name, values.get()[j]);
  }
  return headers;
}

Headers parse_headers(std::string_view block) {
  constexpr std::string_view end_of_line = "\r\n";
  Headers headers;
  for (std::size_t begin = block.find(end_of_line); begin < block.size();) {
    begin += end_of_line.size();
    const std::size_t end = std::min(block.find(end_of_line, begin), block.size());
    const std::string_view line = block.substr(begin, end - begin);
    begin = end;
    const std::size_t colon = line.find(':');
    if (colon == line.npos) continue;
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    value = value.substr(0, value.find_last_not_of(" \t") + 1);
    headers.emplace_back(line.substr(0, colon), value);
  }
  return headers;
}

bool is_header(std::string_view name, std::string_view value) noexcept {
  const auto is_letter = [](char c) { return c > ' ' && c < 0x7F && c != ':'; };
  const auto ends_line = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  return !name.empty() && std::ranges::all_of(name, is_letter) &&
         std::ranges::none_of(value, ends_line);
}

std::size_t wire_size(const Headers& headers) noexcept {
  if (headers.empty()) return 0;
  std::size_t size = 12;  // `NATS/1.0` and an empty line
  for (const auto& [name, value] : headers) size += name.size() + value.size() + 4;
  return size;
}

}  // namespace hangar
