#include "storage/storage_config.hpp"

namespace hangar {

void StorageConfig::fields(Fields& fields) {
  fields.add("type", &type,
             "Name of a storage plugin: sqlite, postgres; not set: the one that the scheme of "
             "storage.url begins with");
  fields.add(
      "url", &url,
      "postgresql://…, a SQLite path, or SQLAlchemy's postgresql+asyncpg://… and "
      "sqlite+aiosqlite:///…; not set: the database that Prefect's variables name; empty: PG* "
      "variables, or hangar.db in data_dir");
  fields.add("create_tables", &create_tables,
             "Create absent tables; always done in the default SQLite file");
  fields
      .add("statement_timeout", &statement_timeout,
           "How long one statement may take before it is tried again")
      .range(100, 600'000)
      .also_set_by({"PREFECT_SERVER_DATABASE_TIMEOUT", "PREFECT_API_DATABASE_TIMEOUT"});
}

}  // namespace hangar
