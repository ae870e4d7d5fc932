// Keeps readings: a message is a name and a number, `kitchen 21`, and becomes a row.
#include <charconv>
#include <cstdint>
#include <functional>
#include <hangar/batch_writer.hpp>
#include <hangar/service.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace hangar;

// The key is the message's position in the stream: one that comes again changes nothing.
const Table readings{.name = "example_service",
                     .columns = {{"position", ColumnType::int8, false},
                                 {"name", ColumnType::text, false},
                                 {"value", ColumnType::int8, false}}};

struct Reading {
  std::int64_t position = 0;
  std::string name;
  std::int64_t value = 0;
};

class ReadingService final : public Service {
 public:
  struct Config : ReaderConfig {
    std::int64_t most = 1000;
    Config() : ReaderConfig{"EXAMPLE_SERVICE", "example_service.>", "example_service"} {}
    void fields(Fields& fields) {
      ReaderConfig::fields(fields);
      fields.add("most", &most, "A reading with a larger value is a dead letter")
          .range(0, 1'000'000);
    }
  };
  static Needs needs(const Config& config) {
    return {.tables = {&readings}, .reads = {config.source()}};
  }
  ReadingService(Context& context, Config config)
      : context_{context},
        config_{std::move(config)},
        count_{context.metrics().counter("example_service_readings_total",
                                         "Readings that were taken")} {}

  boost::asio::awaitable<void> run() override {
    BatchWriter<Reading> writer{
        context_,
        context_.source(),
        {.batch_size = config_.source().batch_size, .flush_interval = config_.flush_interval}};
    BatchWriter<Reading>::Decode take = [this](const Message& message, ItemMemory&) {
      return decode(message);
    };
    co_await writer.run(std::move(take), write);
  }

 private:
  // What is thrown here makes a dead letter of the message, with this reason.
  std::optional<Decoded<Reading>> decode(const Message& message) {
    const std::string_view text = message.data();
    const std::size_t space = text.rfind(' ');
    if (space == text.npos) throw DataError{"not_a_reading", "it has no space"};
    const std::string_view number = text.substr(space + 1);
    const char* const end = number.data() + number.size();
    Reading reading{static_cast<std::int64_t>(message.sequence()),
                    std::string{text.substr(0, space)}, 0};
    const auto [read, fault] = std::from_chars(number.data(), end, reading.value);
    if (fault != std::errc{} || read != end) {
      throw DataError{"not_a_reading", "it does not end in a number"};
    }
    if (reading.value > config_.most) throw DataError{"too_large", "it is more than `most`"};
    count_(1);
    // Readings of one name stay in order.
    const std::uint64_t name = std::hash<std::string>{}(reading.name);
    const std::size_t bytes = reading.name.size();
    return Decoded<Reading>{std::move(reading), {name, name, name}, bytes};
  }

  // On a thread of the storage, in a transaction; the messages are acked when it is durable.
  static std::vector<Verdict> write(Session& session, Items<Reading> items, WriteCall&) {
    Rows rows{readings};
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto row = rows.add();
      row[0] = items[i].position;
      row[1] = std::string_view{items[i].name};
      row[2] = items[i].value;
    }
    session.insert_missing(rows);
    return std::vector<Verdict>(items.size());
  }

  Context& context_;
  Config config_;
  std::function<void(double)> count_;
};

}  // namespace

HANGAR_PLUGIN(hangar::service_plugin<ReadingService>("example_service", "0.1.0", "Keeps readings"));
