// Publishes the events of a file to a stream.
//   publish URL SUBJECT EVENTS                              as fast as the server stores them
//   publish URL SUBJECT EVENTS RATE STREAM DURABLE FIRST    RATE a second, and prints seconds and,
//     in microseconds, the 50th and 99th percentile and the longest time from publishing an event
//     to the arrival here of its ack, which the recorder sends when its row is committed. FIRST is
//     the first event's sequence in the stream.
#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "event_file.hpp"
#include "nats_connection.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using hangar::bench::check;

const std::string inbox = "_INBOX.bench";
constexpr std::chrono::milliseconds together{1};

void send(natsConnection* connection, const char* subject, std::string_view event) {
  check(natsConnection_PublishRequest(connection, subject, inbox.c_str(), event.data(),
                                      static_cast<int>(event.size())));
}

void confirm(natsSubscription* answers) {
  const auto answer = hangar::bench::next(answers);
  const std::string_view text{natsMsg_GetData(answer.get()),
                              static_cast<std::size_t>(natsMsg_GetDataLength(answer.get()))};
  if (text.find("\"error\"") != std::string_view::npos) throw std::runtime_error{std::string{text}};
}

void publish_all(char** arguments) {
  constexpr std::size_t in_flight = 4'096;
  const hangar::bench::EventFile file{arguments[3]};
  const auto connection = hangar::bench::connect(arguments[1]);
  const auto answers = hangar::bench::subscribe(connection.get(), inbox);
  std::size_t sent = 0;
  for (std::size_t confirmed = 0; confirmed < file.events().size(); ++confirmed) {
    while (sent < file.events().size() && sent < confirmed + in_flight) {
      send(connection.get(), arguments[2], file.events()[sent++]);
    }
    confirm(answers.get());
  }
}

/// The fifth token of `$JS.ACK.<stream>.<durable>.<delivered>.<sequence>.…`, counted after $JS.ACK.
std::size_t acked_sequence(std::string_view subject) {
  for (int token = 0; token < 5; ++token) subject.remove_prefix(subject.find('.') + 1);
  return std::stoul(std::string{subject.substr(0, subject.find('.'))});
}

void publish_at_rate(char** arguments) {
  const hangar::bench::EventFile file{arguments[3]};
  const std::size_t count = file.events().size();
  const double rate = std::stod(arguments[4]);
  const std::size_t first = std::stoul(arguments[7]);
  const auto connection = hangar::bench::connect(arguments[1]);
  const auto listening = hangar::bench::connect(arguments[1]);
  const std::string subject = std::string{"$JS.ACK."} + arguments[5] + "." + arguments[6] + ".>";
  const auto acks = hangar::bench::subscribe(listening.get(), subject);
  check(natsConnection_Flush(listening.get()));

  std::vector<Clock::time_point> published(count);
  std::vector<Clock::time_point> acked(count);
  std::exception_ptr failure;
  std::jthread listener{[&] {
    try {
      for (std::size_t left = count; left > 0;) {
        const auto message = hangar::bench::next(acks.get());
        const std::size_t at = acked_sequence(natsMsg_GetSubject(message.get())) - first;
        if (at >= count || acked[at] != Clock::time_point{}) continue;
        acked[at] = Clock::now();
        --left;
      }
    } catch (...) {
      failure = std::current_exception();
    }
  }};
  const auto began = Clock::now();
  // What falls due within a millisecond goes together, as the client sends it anyway: to wake, and
  // to flush, for each event would cost more of the machine than to store it.
  for (std::size_t sent = 0; sent < count;) {
    const auto due = began + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(static_cast<double>(sent) / rate));
    std::this_thread::sleep_until(due + together);
    const std::chrono::duration<double> passed = Clock::now() - began;
    const auto target = static_cast<std::size_t>(passed.count() * rate) + 1;
    for (; sent < std::min(target, count); ++sent) {
      published[sent] = Clock::now();
      check(natsConnection_Publish(connection.get(), arguments[2], file.events()[sent].data(),
                                   static_cast<int>(file.events()[sent].size())));
    }
  }
  listener.join();
  if (failure) std::rethrow_exception(failure);
  const std::chrono::duration<double> took = Clock::now() - began;
  std::vector<std::int64_t> waits;
  for (std::size_t i = 0; i < count; ++i) {
    waits.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(acked[i] - published[i]).count());
  }
  std::ranges::sort(waits);
  std::cout << took.count() << ' ' << waits[count / 2] << ' ' << waits[count * 99 / 100] << ' '
            << waits.back() << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count == 4) {
      publish_all(arguments);
    } else if (count == 8) {
      publish_at_rate(arguments);
    } else {
      throw std::runtime_error{"usage: URL SUBJECT EVENTS [RATE STREAM DURABLE FIRST]"};
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "publish: " << error.what() << '\n';
    return 1;
  }
}
