#pragma once

#include "hangar/event.hpp"

namespace hangar {

using Waiters = Condition;

}  // namespace hangar
