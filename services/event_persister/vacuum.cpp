#include "vacuum.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "prefect/present.hpp"

namespace asio = boost::asio;

namespace hangar::persister {
namespace {

std::function<void(double)> deleted(Metrics& metrics, const char* table) {
  return metrics.counter("hangar_persister_deleted_rows_total",
                         "Rows that were past retention and deleted", {{"table", table}});
}

}  // namespace

std::string PassResult::text() const {
  return fmt::format("{} {} events{}{} and {} event resources that occurred before {:%FT%TZ}{}",
                     trim.dry_run ? "would delete" : "deleted", sum.events,
                     trim.event ? " named " : "", trim.event.value_or(""), sum.resources,
                     std::chrono::floor<std::chrono::seconds>(trim.before),
                     sum.done ? "" : "; the rest is left to the next pass");
}

Vacuum::Vacuum(Context& context, std::size_t lane, const VacuumSettings& settings, bool dry_run)
    : context_{context},
      lane_{lane},
      passes_{retention_passes(settings)},
      batch_size_{static_cast<std::size_t>(settings.batch_size)},
      dry_run_{dry_run},
      events_{deleted(context.metrics(), "events")},
      resources_{deleted(context.metrics(), "event_resources")} {}

asio::awaitable<void> Vacuum::run(const Lease& lease, const Told& told) {
  std::vector<std::string> counted;
  for (const RetentionPass& pass : passes_) {
    PassResult result;
    result.trim.event = pass.event;
    result.trim.before = cutoff(pass, prefect::present());
    result.trim.dry_run = dry_run_;
    if (dry_run_ && !pass.event) result.trim.counted = counted;
    Trim orphans = result.trim;
    co_await walk(lease, trim_events, result.trim, result.sum);
    if (result.sum.done && !pass.event) co_await walk(lease, trim_orphans, orphans, result.sum);
    told(result);
    if (!result.sum.done) co_return;
    if (pass.event) counted.push_back(*pass.event);
  }
}

asio::awaitable<void> Vacuum::walk(const Lease& lease, TrimSlice trim_slice, Trim& trim,
                                   Trimmed& sum) {
  for (sum.done = false; !sum.done;) {
    if (!lease.held() || context_.stopping()) co_return;
    Trim after = trim;
    Trimmed trimmed;
    std::size_t limit = batch_size_;
    // What fails, by a timeout for example, is tried again in smaller slices.
    const auto work = [&](Session& session) {
      after = trim;
      const std::size_t now = std::exchange(limit, std::max<std::size_t>(1, limit / 2));
      trimmed = trim_slice(session, after, now);
    };
    co_await context_.transact(lane_, work);
    trim = after;
    sum.done = trimmed.done;
    sum.events += trimmed.events;
    sum.resources += trimmed.resources;
    if (dry_run_) continue;
    events_(static_cast<double>(trimmed.events));
    resources_(static_cast<double>(trimmed.resources));
  }
}

}  // namespace hangar::persister
