#pragma once

#include <string>
#include <string_view>

#include "config/load.hpp"
#include "config/sections.hpp"

/// What `hangar config` prints and the docs contain. Nothing here shows a secret.
namespace hangar {

/// YAML of every value, with its origin as a comment behind it.
std::string render_show(const Sections& sections, const Origins& origins);

/// The same as JSON: `{"nats.url": {"value": ["embedded"], "origin": "default"}, …}`; durations in
/// seconds, sizes in bytes.
std::string render_json(const Sections& sections, const Origins& origins);

/// A configuration file to begin with: every key, commented out at its default, under its help.
/// The three below describe sections that nothing was loaded into.
std::string render_example(const Sections& sections,
                           std::string_view schema_location = "hangar.schema.json");

/// JSON Schema draft-07 of a configuration file.
std::string render_schema(const Sections& sections);

/// A Markdown table: key, environment, default, meaning.
std::string render_table(const Sections& sections);

}  // namespace hangar
