#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../memory_session.hpp"
#include "events.hpp"
#include "hangar/event.hpp"
#include "hangar/service.hpp"
#include "stream.hpp"

namespace hangar::simulation {

std::string text_of(const Uuid& id);

/// One database of all replicas. A transaction happens at one moment; what the database refuses
/// is known by `refused_text` in any column, by flow runs that are missing, and by its fault. It
/// names the row that it refuses, or not.
class Database {
 public:
  using Content = testing::MemorySession::Content;

  /// Runs `work` as a transaction, and takes it back where `work` throws or `keep` is false.
  void transact(const std::function<void(Session&)>& work, bool keep);

  [[nodiscard]] const Content& content() const noexcept { return session_.content; }
  /// In whichever table.
  [[nodiscard]] bool has_row(const std::string& id) const;

  /// What it says to every row, whichever it is.
  enum class Fault { none, not_null, unknown };

  std::set<std::string> missing_flow_runs;
  std::set<std::string> locked_runs;  ///< By somebody else, who does nothing.
  Fault fault = Fault::none;

 private:
  class Refusing : public testing::MemorySession {
   public:
    explicit Refusing(const Database& database) : database_{database} {}
    Rows find(const Table& table, std::span<const Keys> keys, std::span<const std::size_t> columns,
              Lock lock) override;
    std::vector<bool> insert_missing(const Rows& rows) override;
    std::size_t update(const Rows& rows) override;

   private:
    void check(const Rows& rows) const;
    const Database& database_;
  };
  Refusing session_{*this};
};

/// What all replicas share.
struct World {
  World(unsigned seed, std::vector<Published> published);

  Random random;
  std::vector<Published> events;
  Stream stream;
  Database database;
  std::string wrong;  ///< The first promise that was broken.
  bool faults = true;
  bool forced = false;  ///< Whether a person decided about what is held.
  std::size_t transactions = 0;
  bool not_ready = false;  ///< What a service said last.

  /// Whether nothing would be lost if the message were forgotten now.
  [[nodiscard]] bool is_safe(std::size_t message) const;
};

struct Settings {
  std::int64_t lanes = 1;
  std::int64_t batch_size = 1;
};

/// A process with the service in it, the real one, as the plugin makes it. Destroyed at any moment
/// it is a process that was killed.
class Replica {
 public:
  Replica(World& world, std::size_t number, const Settings& settings);
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;
  ~Replica();

  /// Lets one thing happen; false when there is nothing to do.
  bool step();
  /// The source looks again whether something is due.
  void wake();
  [[nodiscard]] bool finished() const noexcept { return finished_; }

 private:
  class SimulatedContext;
  class SimulatedSource;

  boost::asio::io_context io_;
  World& world_;
  std::size_t number_;
  std::unique_ptr<SimulatedContext> context_;
  std::unique_ptr<ServiceFactory> factory_;
  std::unique_ptr<Service> service_;
  bool finished_ = false;
};

}  // namespace hangar::simulation
