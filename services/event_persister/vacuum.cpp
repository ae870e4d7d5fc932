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

Vacuum::Vacuum(Context& context, std::size_t lane, std::vector<RetentionPass> passes,
               std::size_t batch_size)
    : context_{context},
      lane_{lane},
      passes_{std::move(passes)},
      batch_size_{batch_size},
      events_{deleted(context.metrics(), "events")},
      resources_{deleted(context.metrics(), "event_resources")} {}

asio::awaitable<void> Vacuum::run(const Lease& lease) {
  for (const RetentionPass& pass : passes_) {
    Trimmed sum;
    Trim events{.event = pass.event, .before = cutoff(pass, prefect::present())};
    bool done = co_await walk(lease, trim_events, events, sum);
    if (done && !pass.event) {
      Trim orphans{.before = events.before};
      done = co_await walk(lease, trim_orphans, orphans, sum);
    }
    if (sum.events + sum.resources > 0 || !done) {
      context_.log().info(
          "deleted {} events{}{} and {} event resources that occurred before {:%FT%TZ}{}",
          sum.events, pass.event ? " named " : "", pass.event.value_or(""), sum.resources,
          std::chrono::floor<std::chrono::seconds>(events.before),
          done ? "" : "; the rest is left to the next pass");
    }
    if (!done) co_return;
  }
}

asio::awaitable<bool> Vacuum::walk(const Lease& lease, TrimSlice trim_slice, Trim& trim,
                                   Trimmed& sum) {
  for (bool done = false; !done;) {
    if (!lease.held() || context_.stopping()) co_return false;
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
    done = trimmed.done;
    sum.events += trimmed.events;
    sum.resources += trimmed.resources;
    events_(static_cast<double>(trimmed.events));
    resources_(static_cast<double>(trimmed.resources));
  }
  co_return true;
}

}  // namespace hangar::persister
