#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hangar/needs.hpp"
#include "hangar/storage.hpp"

namespace hangar {

/// The certificate of a listener, which `setting` gives, and the server that it passes on to.
/// `what` names the listener.
std::vector<Check> check_listener(const ListensOn& listener, const std::string& setting,
                                  const std::string& what);

}  // namespace hangar
