// Reads what a filter decides about events, for test_filters.py: lines of events, an empty line,
// lines of filters. Each filter is answered with a line: `invalid` and why; or for each event, by
// `0` and `1`, whether it is included when it is live and, behind a blank, whether it is selected
// when it is stored.

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "hangar/error.hpp"
#include "out/matching.hpp"
#include "out/seen_event.hpp"
#include "out/unicode_text.hpp"
#include "prefect/present.hpp"

namespace {

using hangar::gateway::EventFilter;
using hangar::gateway::EventReader;

constexpr hangar::prefect::EventLimits limits{500, 100, 1024};

struct Event {
  std::string json;
  std::string searched;
  EventReader reader{limits};
  const hangar::gateway::SeenEvent* seen = nullptr;
};

std::string verdict(EventReader& reader, const std::string& line,
                    const std::vector<std::unique_ptr<Event>>& events) {
  EventFilter filter;
  try {
    filter = reader.filter(reader.document().parse(line), hangar::prefect::present());
  } catch (const hangar::DataError& error) {
    return std::string{"invalid "} + error.what();
  }
  std::string live;
  std::string stored;
  for (const auto& event : events) {
    live += includes(filter, *event->seen) ? '1' : '0';
    stored += selects(filter, *event->seen, event->searched) ? '1' : '0';
  }
  return live + ' ' + stored;
}

}  // namespace

int main() {
  std::vector<std::unique_ptr<Event>> events;
  std::string line;
  // An event, and the text of it that a database searches.
  while (std::getline(std::cin, line) && !line.empty()) {
    events.push_back(std::make_unique<Event>());
    Event& event = *events.back();
    event.json = line;
    event.seen = &event.reader.read(event.json);
    std::getline(std::cin, line);
    event.searched = hangar::gateway::lower(line);
  }
  EventReader reader{limits};
  while (std::getline(std::cin, line)) std::cout << verdict(reader, line, events) << '\n';
  return 0;
}
