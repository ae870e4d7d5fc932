#pragma once

#include <boost/asio/awaitable.hpp>

#include "hangar/version.hpp"

namespace hangar {

class Context;
class Fields;
class ServiceFactory;

/// One call of a command of a service.
class HANGAR_API Command {
 public:
  Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  virtual ~Command();

  /// Binds the options, as `fields` binds settings: `dry_run` is `--dry-run`, a bool takes no
  /// value, and what a member holds is the default.
  virtual void options(Fields& options) = 0;
  /// Returns the exit code of the process, or throws: 78 for a ConfigError, 69 for a
  /// TransientError, else 1. Data goes to standard output, everything else to the log. The context
  /// has what the service needs except for sources, listeners and leases, and one lane; SIGTERM
  /// and SIGINT stop it.
  virtual boost::asio::awaitable<int> run(Context& context) = 0;
};

/// A command that a service adds to the program.
struct CommandInfo {
  const char* name = "";
  const char* summary = "";
  /// For the service that this factory makes; its settings are read by the time of `run`. The
  /// caller owns the result.
  Command* (*make_command)(const ServiceFactory& service) = nullptr;
};

}  // namespace hangar
