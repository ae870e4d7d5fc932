#include "async/storage_thread.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace hangar {
namespace {

thread_local StorageThread::Dropped* dropped_here = nullptr;

}  // namespace

StorageThread::StorageThread(Dropped& dropped) noexcept { dropped_here = &dropped; }
StorageThread::~StorageThread() { dropped_here = nullptr; }

StorageThread::Dropped* StorageThread::dropped() noexcept { return dropped_here; }

void StorageThread::refuse(std::string_view call) {
  if (dropped_here == nullptr) return;
  throw std::logic_error{
      fmt::format("{} is called within a transaction, on a thread of the storage: call it when "
                  "`transact` has returned, for only then is everything durable",
                  call)};
}

}  // namespace hangar
