#include "host/host_config.hpp"

namespace hangar {

void HostConfig::fields(Fields& fields, const std::string& url_forms) {
  fields.add("data_dir", &data_dir,
             "Folder of the embedded server's store and a storage's default file; empty: "
             "$XDG_STATE_HOME/hangar or ~/.local/state/hangar");
  fields
      .add("drain_timeout", &drain_timeout,
           "How long services may take to finish what they hold after SIGTERM or SIGINT")
      .range(0, 3'600'000);
  fields
      .add("max_restarts", &max_restarts,
           "How often a service that fails is started again within ten minutes; after that the "
           "process ends with 1")
      .range(0, 1'000);

  nats.fields(fields.group("nats", "The JetStream server"));
  storage.fields(fields.group("storage", "Where services make their rows durable"), url_forms);
  plugins.fields(fields.group("plugins", "Where services and storages are found"));
  log.fields(fields.group("log", "Lines on standard error"));
  admin.fields(fields.group("admin", "Health, status and metrics over HTTP"));
}

}  // namespace hangar
