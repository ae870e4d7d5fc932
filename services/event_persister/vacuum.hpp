#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "hangar/service.hpp"
#include "retention.hpp"
#include "trim_events.hpp"

namespace hangar::persister {

/// What one pass did.
struct PassResult {
  Trim trim;
  Trimmed sum;  ///< `done`: it got to the end.

  /// In a sentence.
  [[nodiscard]] std::string text() const;
};

/// Deletes what is past retention, by Prefect's settings of it.
class Vacuum {
 public:
  static constexpr const char* lease_name = "retention";
  using Told = std::function<void(const PassResult&)>;

  /// On this lane of the context, which outlives it. A dry run only counts.
  Vacuum(Context& context, std::size_t lane, const VacuumSettings& settings, bool dry_run = false);

  /// All passes, slice by slice, each a transaction, and tells of each pass; ends early when the
  /// host stops or the lease is lost. Throws what `Context::transact` throws.
  boost::asio::awaitable<void> run(const Lease& lease, const Told& told);

 private:
  using TrimSlice = Trimmed (*)(Session&, Trim&, std::size_t);
  /// Slice by slice until one is the last, or not even that.
  boost::asio::awaitable<void> walk(const Lease& lease, TrimSlice trim_slice, Trim& trim,
                                    Trimmed& sum);

  Context& context_;
  std::size_t lane_;
  std::vector<RetentionPass> passes_;
  std::size_t batch_size_;
  bool dry_run_;
  std::function<void(double)> events_;
  std::function<void(double)> resources_;
};

}  // namespace hangar::persister
