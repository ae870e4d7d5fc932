#pragma once

#include <string>
#include <string_view>

#include "prefect/json/json_document.hpp"

/// Texts, of well-formed UTF-8, as Python's `str` treats them.
namespace hangar::gateway {

void append_utf8(std::string& out, char32_t c);

/// Takes the first character off a text that is not empty.
char32_t take_code_point(std::string_view& text) noexcept;
std::u32string code_points(std::string_view text);

/// Whether Python's `str.isspace` says so.
bool is_blank(char32_t c) noexcept;

/// Python's `str.lower`.
std::string lower(std::string_view text);

/// Python's `repr` of what its `json` reads.
void append_repr(std::string& out, prefect::JsonValue value);

}  // namespace hangar::gateway
