#include "trim_command.hpp"

#include <iostream>

#include "vacuum.hpp"

namespace hangar::persister {
namespace {

class NoLease final : public Lease {
 public:
  [[nodiscard]] bool held() const noexcept override { return true; }
};

}  // namespace

boost::asio::awaitable<int> trim_now(Context& context, const PersisterConfig& config,
                                     const TrimOptions& options) {
  if (retention_passes(config.vacuum).empty()) {
    throw ConfigError{
        "services.event_persister.db_vacuum.enabled: it does not name events, so that none are "
        "deleted"};
  }
  const NoLease lease;
  const Vacuum::Told print = [](const PassResult& result) {
    std::cout << result.text() << '\n' << std::flush;
  };
  Vacuum vacuum{context, 0, config.vacuum, options.dry_run};
  co_await vacuum.run(lease, print);
  co_return 0;
}

}  // namespace hangar::persister
