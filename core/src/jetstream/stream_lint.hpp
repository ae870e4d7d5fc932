#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jetstream/stream_info.hpp"

namespace hangar {

/// A setting of a stream or consumer that somebody else created and that Hangar does not change.
struct Finding {
  enum class Severity {
    /// Events or dead letters could be lost or never come: a service does not start with such a
    /// source, and stores no dead letter in such a stream.
    refuse,
    warn,
  };
  Severity severity = Severity::warn;
  std::string field;    ///< The server's own name of the setting.
  std::string problem;  ///< What it means here.
  std::string fix;      ///< The command that changes it.
  bool operator==(const Finding&) const = default;
};

inline constexpr std::string_view prefect_sends = "Prefect sends up to 1.5 MB";

/// What is not as reliability demands in a stream that events are read from. `max_age` is what
/// Hangar would create it with.
std::vector<Finding> lint_stream(const StreamInfo& stream, std::chrono::nanoseconds max_age);

/// Refuses a stream that can hold nothing that `filter` matches.
std::vector<Finding> lint_subjects(const StreamInfo& stream, const std::string& filter);

/// What is not as reliability demands in the stream that dead letters go to, on a server that takes
/// messages of `max_payload` bytes.
std::vector<Finding> lint_dead_letters(const StreamInfo& stream, std::uint64_t max_payload);

/// How many bytes a dead letter may have at most to be stored when the stream is empty.
std::uint64_t room_for_a_letter(const StreamInfo& stream) noexcept;

/// The same of a consumer that is to deliver `filter`; `credit` is how many messages one replica
/// holds at most.
std::vector<Finding> lint_consumer(const StreamInfo& stream, const ConsumerInfo& consumer,
                                   const std::string& filter, std::size_t credit);

/// What is refused among these, a line each; empty when nothing is.
std::string refusals(const std::vector<Finding>& findings);

/// One line for a person.
std::string describe(const Finding& finding);

}  // namespace hangar
