#pragma once

#include <string>
#include <string_view>

#include "prefect/json/json_document.hpp"

/// Texts as Python's `str` treats them.
namespace hangar::gateway {

void append_utf8(std::string& out, char32_t c);

/// Of well-formed UTF-8.
std::u32string code_points(std::string_view text);

/// Whether Python's `str.isspace` says so.
bool is_blank(char32_t c) noexcept;

/// Python's `str.lower`.
std::string lower(std::string_view text);

/// Python's `repr` of what its `json` reads.
void append_repr(std::string& out, prefect::JsonValue value);

}  // namespace hangar::gateway
