#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace hangar {

/// The string that the object has under this name; empty when it has none.
inline std::string text_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string{value->as_string()} : std::string{};
}

/// The object that it has; an empty one when it has none.
inline const boost::json::object& object_member(const boost::json::object& object,
                                                std::string_view name) {
  static const boost::json::object nothing;
  const boost::json::value* value = object.if_contains(name);
  return value && value->is_object() ? value->as_object() : nothing;
}

/// The integer that it has; 0 when it has none.
inline std::int64_t integer_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value && value->is_int64() ? value->as_int64() : 0;
}

/// Whether it has a true one.
inline bool flag_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value && value->is_bool() && value->as_bool();
}

}  // namespace hangar
