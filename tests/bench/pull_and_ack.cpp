// The ceiling of a filter: pulls COUNT messages of a durable consumer and acks each, no more.
//   pull_and_ack URL STREAM DURABLE COUNT
// Prints seconds and own CPU seconds.
#include <chrono>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include "cpu_seconds.hpp"
#include "nats_connection.hpp"

namespace {

using hangar::bench::check;

constexpr std::size_t batch = 5'000;

void measure(char** arguments) {
  const std::string inbox = "_INBOX.bench";
  const std::string pull =
      std::string{"$JS.API.CONSUMER.MSG.NEXT."} + arguments[2] + "." + arguments[3];
  const std::string wish = R"({"batch":)" + std::to_string(batch) + R"(,"expires":60000000000})";
  const std::size_t count = std::stoul(arguments[4]);
  const auto connection = hangar::bench::connect(arguments[1]);
  const auto messages = hangar::bench::subscribe(connection.get(), inbox);
  const auto ask = [&] {
    check(natsConnection_PublishRequest(connection.get(), pull.c_str(), inbox.c_str(), wish.data(),
                                        static_cast<int>(wish.size())));
  };
  const double used = hangar::bench::cpu_seconds();
  const auto began = std::chrono::steady_clock::now();
  // The next batch is asked for before the last one is through, so that the server never waits.
  ask();
  ask();
  for (std::size_t pulled = 0; pulled < count;) {
    const auto message = hangar::bench::next(messages.get());
    const char* ack = natsMsg_GetReply(message.get());
    if (ack == nullptr) throw std::runtime_error{"the pull ended"};
    check(natsConnection_Publish(connection.get(), ack, "+ACK", 4));
    if (++pulled % batch == 0) ask();
  }
  check(natsConnection_Flush(connection.get()));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << took.count() << ' ' << hangar::bench::cpu_seconds() - used << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count != 5) throw std::runtime_error{"usage: pull_and_ack URL STREAM DURABLE COUNT"};
    measure(arguments);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "pull_and_ack: " << error.what() << '\n';
    return 1;
  }
}
