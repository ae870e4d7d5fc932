#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hangar/storage.hpp"

namespace hangar::prefect {

/// A UUID as a field of a model takes it: 32 hexadecimal digits, or the form with hyphens, bare, in
/// braces or behind `urn:uuid:`. (pydantic, which uses Rust's uuid.)
std::optional<Uuid> parse_uuid(std::string_view text) noexcept;

/// A UUID as it stands in the id of a resource, which Prefect reads with Python's `UUID()`: hyphens
/// anywhere, braces and URN prefixes are ignored, and the digits are what `int(text, 16)` takes.
std::optional<Uuid> parse_resource_uuid(std::string_view text);

/// Writes the 36 lower-case characters to `text`.
void write_uuid(const Uuid& id, char* text) noexcept;
void append_uuid(std::string& out, const Uuid& id);

}  // namespace hangar::prefect
