#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "dead_letters/dead_letter.hpp"
#include "jetstream/publisher.hpp"

namespace hangar {

/// A letter as commands print it.
boost::json::object letter_json(const DeadLetter& letter);

/// The same with the event: `headers`, pairs of names and values, and its bytes in `data` where
/// they are UTF-8, else in `data_base64`.
boost::json::object letter_json(const StoredLetter& letter);

/// The letter in one line that `parse_letter_line` reads.
std::string letter_line(const StoredLetter& letter);

/// What to publish for a line of `hangar dlq export`: the event byte for byte, on its subject, with
/// its own headers and without an id, because the one that it has would keep a stream from taking
/// it again. Nothing when it is no such line. Throws Error, which says why, for one that is
/// damaged.
std::optional<PublishLine> parse_letter_line(std::string_view line);

}  // namespace hangar
