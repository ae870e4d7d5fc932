// A service as an author writes it who has nothing but the public headers: one row for each event.
#include <boost/json.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "hangar/batch_writer.hpp"
#include "hangar/service.hpp"

namespace {

using namespace hangar;

const Table plain_event{.name = "plain_event",
                        .columns = {{"id", ColumnType::text}, {"message", ColumnType::text}}};

struct PlainEvent {
  std::string id;
  std::string message;
};

class PlainService final : public Service {
 public:
  struct Config : ReaderConfig {
    std::int64_t lanes = 1;
    Config() : ReaderConfig{"EVENTS", "events.>", "plain-service"} {}
    void fields(Fields& fields) {
      ReaderConfig::fields(fields);
      fields.add("lanes", &lanes, "Transactions in progress at the same time").range(1, 64);
    }
  };
  static Needs needs(const Config& config) {
    return {.tables = {&plain_event},
            .lanes = static_cast<std::size_t>(config.lanes),
            .reads = {config.source()}};
  }
  PlainService(Context& context, Config config) : context_{context}, config_{std::move(config)} {}

  boost::asio::awaitable<void> run() override {
    BatchWriter<PlainEvent> writer{
        context_,
        context_.source(),
        {.batch_size = config_.source().batch_size, .flush_interval = config_.flush_interval}};
    co_await writer.run(decode, write, again);
  }

 private:
  static std::optional<Decoded<PlainEvent>> decode(const Message& message, ItemMemory&) {
    boost::system::error_code bad;
    const auto json = boost::json::parse(message.data(), bad);
    if (bad) throw DataError{"malformed_json", bad.message()};
    const std::string_view name = json.at("event").as_string();
    if (!name.starts_with("prefect.task-run")) return std::nullopt;
    PlainEvent event{std::string{json.at("id").as_string()},
                     std::string{json.at_pointer("/payload/validated_state/message").as_string()}};
    const std::uint64_t hash = std::hash<std::string>{}(event.id);
    const std::size_t bytes = event.id.size() + event.message.size();
    return Decoded<PlainEvent>{std::move(event), {hash, hash, hash}, bytes};
  }

  /// One row for each item; a message that came twice begins the next call.
  static std::vector<Verdict> write(Session& session, Items<PlainEvent> events, WriteCall&) {
    Rows rows{plain_event};
    std::set<std::string_view> ids;
    for (std::size_t i = 0; i < events.size() && ids.insert(events[i].id).second; ++i) {
      const auto row = rows.add();
      row[0] = std::string_view{events[i].id};
      row[1] = std::string_view{events[i].message};
    }
    session.insert_missing(rows);
    return std::vector<Verdict>(rows.size());
  }

  static PlainEvent again(const PlainEvent& event) {
    std::random_device random;
    return {event.id + '/' + std::to_string(random()), event.message};
  }

  Context& context_;
  Config config_;
};

}  // namespace

HANGAR_PLUGIN(hangar::service_plugin<PlainService>("plain_service", "1.0.0", "Keeps each event"));
