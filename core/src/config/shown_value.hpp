#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "hangar/config.hpp"

namespace hangar {

/// What the field holds, for people: a secret that is set as `********`, passwords in URLs masked.
/// In JSON durations are seconds and sizes bytes; in YAML they have units, and `$` is doubled, so
/// that loading gives the same value again.
boost::json::value shown_json(const Field& field);
std::string shown_yaml(const Field& field);

/// A JSON integer where it is one.
boost::json::value seconds(Duration duration);

}  // namespace hangar
