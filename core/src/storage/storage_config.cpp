#include "storage/storage_config.hpp"

#include <fmt/format.h>

namespace hangar {

void StorageConfig::fields(Fields& fields, const std::string& url_forms) {
  fields.add("type", &type,
             "Name of a storage plugin, see `hangar plugins ls`; not set: the one that takes "
             "storage.url");
  fields.add("url", &url,
             fmt::format("{}; not set: the database that Prefect's variables name; empty: the "
                         "default of the storage",
                         url_forms));
  fields.add("create_tables", &create_tables,
             "Create absent tables; always done in a storage's default file");
  fields
      .add("statement_timeout", &statement_timeout,
           "How long one statement may take before it is tried again")
      .range(100, 600'000)
      .also_set_by({"PREFECT_SERVER_DATABASE_TIMEOUT", "PREFECT_API_DATABASE_TIMEOUT"});
}

}  // namespace hangar
