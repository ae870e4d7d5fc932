#include "nats/nats_config.hpp"

#include <limits>
#include <string>

namespace hangar {

void NatsConfig::fields(Fields& fields) {
  // The other variables are those of prefect-nats, which reads those of the nats CLI below them.
  fields
      .add("url", &urls,
           "nats:// or tls:// URLs, or `embedded`: a nats-server that Hangar starts and stops")
      .also_set_by({"PREFECT_NATS_MESSAGING_URL", "NATS_URL"});
  fields
      .add("context", &context,
           "Context of the nats CLI that gives what is not set here; one that is only selected "
           "there "
           "is not taken")
      .also_set_by({"NATS_CONTEXT"});
  fields.add("credentials_file", &credentials_file, "File with a user JWT and its seed")
      .also_set_by({"PREFECT_NATS_MESSAGING_CREDS", "NATS_CREDS"});
  fields.add("nkey_seed_file", &nkey_seed_file, "File with an nkey seed")
      .also_set_by({"PREFECT_NATS_MESSAGING_NKEY_SEED_FILE", "NATS_NKEY"});
  fields.add("user", &user, "User name").also_set_by({"PREFECT_NATS_MESSAGING_USER", "NATS_USER"});
  fields.add("password", &password, "Password of the user")
      .also_set_by({"PREFECT_NATS_MESSAGING_PASSWORD", "NATS_PASSWORD"});
  fields.add("token", &token, "Authentication token")
      .also_set_by({"PREFECT_NATS_MESSAGING_TOKEN", "NATS_TOKEN"});
  fields.add("domain", &domain,
             "JetStream domain that holds the streams; empty: the one of the server itself");
  fields.add("api_prefix", &api_prefix,
             "Subject that JetStream's API is imported at, instead of nats.domain, such as JS.hub");
  fields.add("inbox_prefix", &inbox_prefix,
             "What the subjects that Hangar is answered on begin with");
  fields.add("server_binary", &server_binary, "The program that `embedded` starts");
  fields.add("replicas", &replicas, "Replicas of the streams that Hangar creates")
      .range(1, 5)
      .also_set_by({"PREFECT_NATS_MESSAGING_REPLICAS"});
  fields
      .add("max_age", &max_age,
           "How long the streams that Hangar creates keep a message; 0 keeps it for ever")
      .range(0, std::numeric_limits<std::int64_t>::max() / 1'000'000);
  fields
      .add("dlq_max_bytes", &dlq_max_bytes,
           "Size of the dead-letter stream that Hangar creates, which the server reserves")
      .range(1 << 20, 1LL << 40);
  fields.add("credit_bytes", &credit_bytes, "The most bytes of messages that one service holds")
      .range(8 << 20, 1LL << 40);
  fields
      .add("hold_max", &hold_max,
           "How long messages are held while the storage is down, before other replicas get them")
      .range(1'000, 3'600'000);
  const std::string theirs = "PREFECT_NATS_MESSAGING_";
  fields.watch({.prefixes = {theirs},
                .left_alone = {theirs + "MAX_BYTES", theirs + "PUBLISHER_ACK_TIMEOUT",
                               theirs + "PUBLISHER_MAX_IN_FLIGHT", theirs + "CONSUMER_ACK_WAIT",
                               theirs + "CONSUMER_MAX_RETRIES", theirs + "CONSUMER_RETRY_DELAY"}});
  Fields& encrypted = fields.group("tls", "TLS to the server; implied by tls:// URLs");
  encrypted.add("required", &tls.required, "Refuse a server without TLS");
  encrypted.add("ca_file", &tls.ca_file, "Certificates to trust instead of the system's")
      .also_set_by({"PREFECT_NATS_MESSAGING_TLS_CA", "NATS_CA"});
  encrypted.add("cert_file", &tls.cert_file, "Client certificate")
      .also_set_by({"PREFECT_NATS_MESSAGING_TLS_CERT", "NATS_CERT"});
  encrypted.add("key_file", &tls.key_file, "Key of the client certificate")
      .also_set_by({"PREFECT_NATS_MESSAGING_TLS_KEY", "NATS_KEY"});
  encrypted.add("handshake_first", &tls.handshake_first,
                "Begin with TLS before the server greets, as its `handshake_first` wants");
  encrypted.add("insecure", &tls.insecure,
                "Do not verify the server and allow passwords in clear text to other hosts");
}

}  // namespace hangar
