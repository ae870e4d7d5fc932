// A filter of a subscriber and, on the next line, an event: the index finds whoever wants it, and
// what can be read is decided.
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hangar/error.hpp"
#include "out/matching.hpp"
#include "out/seen_event.hpp"
#include "out/subscriber_index.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hangar;
  // Of its very size, so that a byte behind it is a fault.
  const std::vector<char> bytes{data, data + size};
  const std::string_view text{bytes.data(), size};
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  static gateway::EventReader reader{prefect::EventLimits{}};
  static boost::asio::io_context io;
  try {
    gateway::EventFilter filter =
        reader.filter(reader.document().parse(text.substr(0, line)), Timestamp{});
    gateway::Subscriber subscriber{io.get_executor(), std::move(filter), 1000};
    gateway::SubscriberIndex index;
    index.add(subscriber);
    const gateway::SeenEvent& event = reader.read(text.substr(line + 1));
    const bool wanted = gateway::includes(subscriber.filter(), event);
    if (index.who_want(event).empty() == wanted) __builtin_trap();
    gateway::selects(subscriber.filter(), event, event.searched());
    index.remove(subscriber);
    if (!index.who_want(event).empty()) __builtin_trap();
  } catch (const DataError&) {
  } catch (const gateway::TooManySteps&) {
  }
  return 0;
}
