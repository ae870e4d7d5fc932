#pragma once

#include <boost/asio/awaitable.hpp>

#include "hangar/service.hpp"
#include "persister_config.hpp"

namespace hangar::persister {

struct TrimOptions {
  bool dry_run = false;

  void fields(Fields& fields) {
    fields.add("dry_run", &dry_run, "Only count what it would delete");
  }
};

/// `hangar events trim`: what a host does of retention, now and once; prints a line for each pass.
/// It takes no lease. Beside a host or another call of it that does no harm: each slice is a
/// transaction, and what another has deleted meanwhile is not there. Throws ConfigError where
/// retention is switched off.
boost::asio::awaitable<int> trim_now(Context& context, const PersisterConfig& config,
                                     const TrimOptions& options);

}  // namespace hangar::persister
