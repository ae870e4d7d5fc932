#include "cli/refusals.hpp"

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "log/stderr_log.hpp"

namespace hangar::cli {

int tell_refusals(const Installation& installation) {
  int code = exit_code::done;
  for (const FoundPlugin& found : installation.plugins()) {
    if (!found.refused()) continue;
    fmt::print(stderr, "hangar: plugin {} is refused: {}\n",
               printable(found.path.filename().string()), printable(found.refusal));
    if (!found.switched_off) code = exit_code::failed;
  }
  return code;
}

}  // namespace hangar::cli
