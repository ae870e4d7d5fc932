#pragma once

#include <string>
#include <string_view>

#include "prefect/json/json_document.hpp"

namespace hangar::prefect {

/// JSON as pydantic's `model_dump_json` writes what Prefect read: no blanks, UTF-8, the last of
/// repeated keys in the place of the first, numbers in their own form, and null for what is no
/// finite number.
void append_compact_json(std::string& out, JsonValue value);
void append_compact_string(std::string& out, std::string_view text);

}  // namespace hangar::prefect
