#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "stream.hpp"

namespace hangar::simulation {

/// What must become of a message.
enum class Fate {
  recorded,
  ignored,             ///< Not an event of the recorder.
  malformed,           ///< A dead letter, whatever is stored.
  refused,             ///< A dead letter, because the database refuses its row.
  orphan,              ///< A dead letter, because its flow run never comes.
  recorded_or_orphan,  ///< Its flow run comes late, perhaps too late.
  /// A dead letter where it is the newest of its run, which the database refuses as it would be.
  recorded_or_refused,
};

struct Published {
  std::string data;
  Fate fate = Fate::recorded;
  std::string state_id;
  std::string flow_run_id;
  bool alias = false;
};

/// Events of a few runs, each with every column, out of order and some of them twice; in one stream
/// of four some by an alias.
std::vector<Published> make_events(Random& random);

/// One event: `state` is its number in the whole stream and in time. By its alias a run has another
/// id and the same natural key.
Published make_event(std::size_t run, std::size_t state, Fate fate, bool alias = false);

/// The text by which a row shows that the database will refuse it.
inline constexpr const char* refused_text = "refused";

}  // namespace hangar::simulation
