#include "host/host_config.hpp"

#include <limits>

namespace hangar {
namespace {

void describe(HostConfig::Nats& nats, Fields& fields) {
  // The variables without HANGAR_ are those of the nats CLI.
  fields
      .add("url", &nats.urls,
           "nats:// or tls:// URLs, or `embedded`: a nats-server that Hangar starts and stops")
      .also_set_by({"NATS_URL"});
  fields
      .add("context", &nats.context,
           "Context of the nats CLI that gives what is not set here; one that is only selected "
           "there "
           "is not taken")
      .also_set_by({"NATS_CONTEXT"});
  fields.add("credentials_file", &nats.credentials_file, "File with a user JWT and its seed")
      .also_set_by({"NATS_CREDS"});
  fields.add("nkey_seed_file", &nats.nkey_seed_file, "File with an nkey seed")
      .also_set_by({"NATS_NKEY"});
  fields.add("user", &nats.user, "User name").also_set_by({"NATS_USER"});
  fields.add("password", &nats.password, "Password of the user").also_set_by({"NATS_PASSWORD"});
  fields.add("token", &nats.token, "Authentication token").also_set_by({"NATS_TOKEN"});
  fields.add("domain", &nats.domain,
             "JetStream domain that holds the streams; empty: the one of the server itself");
  fields.add("api_prefix", &nats.api_prefix,
             "Subject that JetStream's API is imported at, instead of nats.domain, such as JS.hub");
  fields.add("inbox_prefix", &nats.inbox_prefix,
             "What the subjects that Hangar is answered on begin with");
  fields.add("server_binary", &nats.server_binary, "The program that `embedded` starts");
  fields.add("replicas", &nats.replicas, "Replicas of the streams that Hangar creates").range(1, 5);
  fields
      .add("max_age", &nats.max_age,
           "How long the streams that Hangar creates keep a message; 0 keeps it for ever")
      .range(0, std::numeric_limits<std::int64_t>::max() / 1'000'000);
  fields
      .add("dlq_max_bytes", &nats.dlq_max_bytes,
           "Size of the dead-letter stream that Hangar creates, which the server reserves")
      .range(1 << 20, 1LL << 40);
  fields
      .add("credit_bytes", &nats.credit_bytes, "The most bytes of messages that one service holds")
      .range(8 << 20, 1LL << 40);
  fields
      .add("hold_max", &nats.hold_max,
           "How long messages are held while the storage is down, before other replicas get them")
      .range(1'000, 3'600'000);
  Fields& tls = fields.group("tls", "TLS to the server; implied by tls:// URLs");
  tls.add("required", &nats.tls.required, "Refuse a server without TLS");
  tls.add("ca_file", &nats.tls.ca_file, "Certificates to trust instead of the system's")
      .also_set_by({"NATS_CA"});
  tls.add("cert_file", &nats.tls.cert_file, "Client certificate").also_set_by({"NATS_CERT"});
  tls.add("key_file", &nats.tls.key_file, "Key of the client certificate")
      .also_set_by({"NATS_KEY"});
  tls.add("handshake_first", &nats.tls.handshake_first,
          "Begin with TLS before the server greets, as its `handshake_first` wants");
  tls.add("insecure", &nats.tls.insecure,
          "Do not verify the server and allow passwords in clear text to other hosts");
}

}  // namespace

void HostConfig::fields(Fields& fields) {
  fields.add("data_dir", &data_dir,
             "Folder of the embedded server's store and the default SQLite file; empty: "
             "$XDG_STATE_HOME/hangar or ~/.local/state/hangar");
  fields
      .add("drain_timeout", &drain_timeout,
           "How long services may take to finish what they hold after SIGTERM or SIGINT")
      .range(0, 3'600'000);

  describe(nats, fields.group("nats", "The JetStream server"));

  Fields& database = fields.group("storage", "Where services make their rows durable");
  database.add("type", &storage.type,
               "Name of a storage plugin: sqlite, postgres; not set: the one that the scheme of "
               "storage.url begins with");
  database.add(
      "url", &storage.url,
      "postgresql://…, a SQLite path, or SQLAlchemy's postgresql+asyncpg://… and "
      "sqlite+aiosqlite:///…; not set: the database that Prefect's variables name; empty: PG* "
      "variables, or hangar.db in data_dir");
  database.add("create_tables", &storage.create_tables,
               "Create absent tables; always done in the default SQLite file");
  database
      .add("statement_timeout", &storage.statement_timeout,
           "How long one statement may take before it is tried again")
      .range(100, 600'000)
      .also_set_by({"PREFECT_SERVER_DATABASE_TIMEOUT", "PREFECT_API_DATABASE_TIMEOUT"});

  Fields& found = fields.group("plugins", "Where services and storages are found");
  found.add("path", &plugins.path,
            "Absolute folders to search; empty: lib/hangar/plugins beside the program");

  Fields& lines = fields.group("log", "Lines on standard error");
  lines.add("level", &log.level, "The least important level to write")
      .one_of({"trace", "debug", "info", "warning", "error"});
  lines.add("format", &log.format, "How a line is written").one_of({"text", "json"});

  Fields& surface = fields.group("admin", "Health, status and metrics over HTTP");
  surface.add("listen", &admin.listen,
              "Address and port of /livez, /readyz, /metrics and /status; port 0 is any free one; "
              "empty: none");
}

}  // namespace hangar
