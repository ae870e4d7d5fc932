#include "batch/checked_calls.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>
#include <utility>

namespace hangar::batch {
namespace {

std::vector<bool> one_for_each(std::string_view call, std::vector<bool> answer, AnyItems items) {
  if (answer.empty() || answer.size() == items.size()) return answer;
  throw std::logic_error{fmt::format("BatchTransaction::{} says something of {} items, and has {}",
                                     call, answer.size(), items.size())};
}

}  // namespace

Written write(BatchTransaction& transaction, Session& session, AnyItems items, WriteCall& call) {
  Written written = transaction.write(session, items, call);
  const std::size_t done = written.verdicts.size();
  if (done > items.size()) {
    throw std::logic_error{
        fmt::format("a write returned {} verdicts for {} items", done, items.size())};
  }
  if (done == 0 && call.oldest > 0 && !items.empty()) {
    throw std::logic_error{
        fmt::format("a write took none of {} items, and would never take one: the first of them "
                    "waits for no other",
                    items.size())};
  }
  if (written.new_rows && *written.new_rows >= done) {
    throw std::logic_error{
        fmt::format("a write says that item {} went in as new rows, and has written {} items",
                    *written.new_rows, done)};
  }
  return written;
}

std::vector<bool> find_unlocked(BatchTransaction& transaction, Session& session, AnyItems items) {
  return one_for_each("find_unlocked", transaction.find_unlocked(session, items), items);
}

std::vector<bool> orphans(BatchTransaction& transaction, Session& session, AnyItems items) {
  return one_for_each("orphans", transaction.orphans(session, items), items);
}

}  // namespace hangar::batch
