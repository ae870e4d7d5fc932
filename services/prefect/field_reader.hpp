#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "hangar/error.hpp"
#include "hangar/storage.hpp"
#include "prefect/duration.hpp"
#include "prefect/json/json_document.hpp"
#include "prefect/state_type.hpp"
#include "prefect/zoned_time.hpp"

namespace hangar::prefect {

/// Throws the DataError of a value that cannot be recorded; `what` says what is wrong with it.
[[noreturn]] void reject(JsonValue value, std::string reason, std::string_view what);
/// The same for a member that is not there.
[[noreturn]] void reject_missing(JsonValue object, std::string_view member);

/// The same for a value of another kind than the wanted one.
[[noreturn]] void reject_kind(JsonValue value, std::string_view wanted);

/// Turns values into fields with the coercions of the reference (pydantic's lax mode). Every
/// function throws a DataError that points to the value where the reference refuses it.
class FieldReader {
 public:
  /// `texts` receives the text that must outlive the document's values. `now` is what an event
  /// means by the present.
  FieldReader(std::pmr::memory_resource& texts, Timestamp now, const StorageLimits& limits)
      : texts_{texts}, now_{now}, limits_{limits} {}

  [[nodiscard]] Timestamp now() const noexcept { return now_; }
  [[nodiscard]] std::pmr::memory_resource& texts() const noexcept { return texts_; }
  [[nodiscard]] const StorageLimits& limits() const noexcept { return limits_; }
  /// A copy that lives as long as the texts.
  [[nodiscard]] char* keep(std::string_view text) const;

  // `value` is there but may be null or of any kind.
  static JsonValue object(JsonValue value) {
    return of_kind(value, JsonValue::Kind::object, "an object");
  }
  static JsonValue array(JsonValue value) {
    return of_kind(value, JsonValue::Kind::array, "an array");
  }
  static JsonValue string(JsonValue value) {
    return of_kind(value, JsonValue::Kind::string, "a string");
  }
  /// The text of a string, kept.
  [[nodiscard]] std::string_view text(JsonValue value) const {
    if (string(value).escaped()) return value.text(texts_);
    return {keep(value.token()), value.token().size()};
  }
  static Uuid uuid(JsonValue value);
  [[nodiscard]] ZonedTime time(JsonValue value) const;
  static Duration duration(JsonValue value);
  static bool boolean(JsonValue value);
  static double real(JsonValue value);
  /// The decimal digits of an integer of any size.
  static std::string integer(JsonValue value);
  /// One of `state_types`.
  static const StateType& state_type(JsonValue value);

  // What only columns refuse.
  static std::int32_t int4(JsonValue value);
  static Interval interval(JsonValue value);
  static Timestamp instant(const ZonedTime& time, JsonValue value);
  static void refuse_nul(JsonValue value) {
    if (value.holds_nul())
      reject(value, "nul_byte", "the database cannot store the character U+0000");
  }

  /// Python's truth of a value; a missing one is false.
  static bool is_truthy(JsonValue value);

  // Whether the value is a real or integer in lax mode, without a DataError.
  static std::optional<double> try_real(JsonValue value);
  static std::optional<std::string> try_integer(JsonValue value);

 private:
  static JsonValue of_kind(JsonValue value, JsonValue::Kind kind, std::string_view wanted) {
    if (!value.is(kind)) reject_kind(value, wanted);
    return value;
  }

  std::pmr::memory_resource& texts_;
  Timestamp now_;
  const StorageLimits& limits_;
};

}  // namespace hangar::prefect
