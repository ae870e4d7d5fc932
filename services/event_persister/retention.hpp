#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hangar/table.hpp"
#include "vacuum_settings.hpp"

namespace hangar::persister {

/// One walk over stored events, oldest first.
struct RetentionPass {
  std::optional<std::string> event{};  ///< Only events of exactly this name; nothing: all.
  Interval keep{};                     ///< Events older than this are deleted.
  bool operator==(const RetentionPass&) const = default;
};

/// What Prefect's event vacuum does with these settings, in its order, without what changes
/// nothing: an override that is no shorter than the retention of all. None where it is switched
/// off. Throws ConfigError, which names the setting, for what Prefect refuses too.
std::vector<RetentionPass> retention_passes(const VacuumSettings& settings);

/// What is older than this is deleted by the pass: not before the first year.
Timestamp cutoff(const RetentionPass& pass, Timestamp now) noexcept;

}  // namespace hangar::persister
