#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <vector>

#include "hangar/service.hpp"
#include "retention.hpp"
#include "trim_events.hpp"

namespace hangar::persister {

/// Deletes what is past retention: the work of a lease.
class Vacuum {
 public:
  static constexpr const char* lease_name = "retention";

  /// On this lane of the context, which outlives it.
  Vacuum(Context& context, std::size_t lane, std::vector<RetentionPass> passes,
         std::size_t batch_size);

  /// All passes, slice by slice, each a transaction; ends early when the host stops or the lease is
  /// lost. Throws what `Context::transact` throws.
  boost::asio::awaitable<void> run(const Lease& lease);

 private:
  using TrimSlice = Trimmed (*)(Session&, Trim&, std::size_t);
  /// Slice by slice until one is the last; whether it got there.
  boost::asio::awaitable<bool> walk(const Lease& lease, TrimSlice trim_slice, Trim& trim,
                                    Trimmed& sum);

  Context& context_;
  std::size_t lane_;
  std::vector<RetentionPass> passes_;
  std::size_t batch_size_;
  std::function<void(double)> events_;
  std::function<void(double)> resources_;
};

}  // namespace hangar::persister
