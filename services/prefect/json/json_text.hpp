#pragma once

#include <string>
#include <string_view>

#include "prefect/json/json_document.hpp"

namespace hangar::prefect {

/// JSON cells are written as Python's `json.dumps` writes what Prefect read: ASCII, `, ` and `: `
/// between, numbers in their own form, the last of repeated keys in the place of the first, and
/// null for what is no finite number. Strings with U+0000 throw as below.
void append_json(std::string& out, JsonValue value);
void append_json_string(std::string& out, std::string_view text);
/// A string of the document. Throws the DataError `nul_byte` when it holds U+0000 and its
/// document looks for that, as for PostgreSQL, whose jsonb cannot.
void append_json_string(std::string& out, JsonValue string);
void append_json_real(std::string& out, double value);

}  // namespace hangar::prefect
