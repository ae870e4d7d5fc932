#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace hangar {

/// JSON with two blanks a level and a newline at the end; objects keep their order.
std::string indented_json(const boost::json::value& value);

}  // namespace hangar
