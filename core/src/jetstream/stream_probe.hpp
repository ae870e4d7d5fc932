#pragma once

#include <chrono>
#include <string>

#include "hangar/config.hpp"

namespace hangar {

/// Whether the server answers with the state of its streams within the time.
/// Blocks for about twice as long at most.
bool streams_answer(const std::string& url, const Secret& token, std::chrono::milliseconds within);

}  // namespace hangar
