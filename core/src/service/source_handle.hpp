#pragma once

#include <memory>

#include "service/resources.hpp"
#include "source/pull_source.hpp"

namespace hangar {

/// The source as a host sees it; the service gets a part of it that it may drop at any time, while
/// the host keeps the connection until the last answers are sent.
SourceHandle source_handle(const std::shared_ptr<PullSource>& source);

}  // namespace hangar
