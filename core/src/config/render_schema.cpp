#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <limits>
#include <utility>

#include "config/render.hpp"
#include "config/shown_value.hpp"
#include "text/indented_json.hpp"

namespace hangar {
namespace {

namespace json = boost::json;

constexpr auto limitless = std::numeric_limits<std::int64_t>::max();

json::object bounded(json::string_view type, json::value minimum, json::value maximum,
                     bool has_maximum) {
  json::object schema{{"type", type}, {"minimum", std::move(minimum)}};
  if (has_maximum) schema["maximum"] = std::move(maximum);
  return schema;
}

json::object pattern(json::string_view expression) {
  return {{"type", "string"}, {"pattern", expression}};
}

json::object any_string() { return {{"type", "string"}}; }

/// What an expression stands for has the right type only after it was read.
void allow_expression(json::array& any) {
  if (any.front() == any_string()) return;
  any.push_back(json::object{{"$ref", "#/definitions/expression"}});
}

json::array schemas(const Field& /*field*/, const bool* /*target*/) {
  return {json::object{{"type", "boolean"}}};
}
json::array schemas(const Field& field, const std::int64_t* /*target*/) {
  return {bounded("integer", field.minimum, field.maximum, field.maximum != limitless)};
}
json::array schemas(const Field& field, const Duration* /*target*/) {
  return {bounded("number", seconds(Duration{field.minimum}), seconds(Duration{field.maximum}),
                  field.maximum != limitless),
          pattern(R"(^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)?$)")};
}
json::array schemas(const Field& field, const ByteSize* /*target*/) {
  return {bounded("integer", field.minimum, field.maximum, field.maximum != limitless),
          pattern(R"(^[0-9]+(\.[0-9]+)?(B|[kKMGT]B|[KMGT]iB)?$)")};
}
json::array schemas(const Field& field, const std::string* /*target*/) {
  if (field.choices.empty()) return {any_string()};
  return {json::object{{"enum", json::array(field.choices.begin(), field.choices.end())}}};
}
json::array schemas(const Field& /*field*/, const Secret* /*target*/) { return {any_string()}; }
json::array schemas(const Field& /*field*/, const Url* /*target*/) { return {any_string()}; }
template <class T>
json::array schemas(const Field& field, const std::vector<T>* /*target*/) {
  json::array element = schemas(field, static_cast<const T*>(nullptr));
  allow_expression(element);
  json::array both = element;
  both.push_back(
      json::object{{"type", "array"}, {"items", json::object{{"anyOf", std::move(element)}}}});
  return both;
}

json::object field_schema(const Field& field) {
  json::array any = std::visit([&](const auto* target) { return schemas(field, target); },
                               std::as_const(field.target));
  allow_expression(any);
  return {{"description", field.help}, {"default", shown_json(field)}, {"anyOf", std::move(any)}};
}

json::object map_schema(json::object properties, const std::string& help) {
  json::object schema;
  if (!help.empty()) schema["description"] = help;
  // Null: a map whose members are all commented out.
  schema["type"] = {"object", "null"};
  schema["properties"] = std::move(properties);
  schema["additionalProperties"] = false;
  return schema;
}

json::object properties_of(const Fields& fields) {
  json::object properties;
  for (const Field& field : fields.fields()) properties[field.name] = field_schema(field);
  for (const Fields& group : fields.groups()) {
    properties[group.name()] = map_schema(properties_of(group), group.help());
  }
  return properties;
}

}  // namespace

std::string render_schema(const Sections& sections) {
  json::object services;
  for (const auto& [name, fields] : sections.services) {
    services[name] = map_schema(properties_of(fields), fields.help());
  }
  json::object properties = properties_of(sections.host);
  properties["services"] = map_schema(std::move(services), "What runs in this process");
  properties["version"] = {{"description", "Version of this format"}, {"const", 1}};

  json::object schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
                      {"title", "Configuration of Hangar"}};
  for (auto& member : map_schema(std::move(properties), "")) schema.insert(std::move(member));
  schema["patternProperties"] = {{"^x-", json::object{}}};
  schema["definitions"] = {{"expression",
                            {{"description", "A value from the environment or a file"},
                             {"type", "string"},
                             {"pattern", R"(\$\{)"}}}};
  return indented_json(schema);
}

}  // namespace hangar
