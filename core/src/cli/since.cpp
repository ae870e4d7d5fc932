#include "cli/since.hpp"

#include "config/value.hpp"
#include "text/utc.hpp"

namespace hangar {

using Moment = std::chrono::sys_time<std::chrono::nanoseconds>;

std::optional<Moment> parse_since(std::string_view text, Moment now) {
  if (const auto ago = parse_duration(text)) {
    if (*ago > now.time_since_epoch()) return std::nullopt;
    return now - *ago;
  }
  return parse_utc(text);
}

}  // namespace hangar
