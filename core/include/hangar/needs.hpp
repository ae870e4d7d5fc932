#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hangar {

struct Table;

/// A stream that a service reads, through a durable pull consumer.
struct SourceOptions {
  SourceOptions() = default;  // Not an aggregate, like Rejection.
  SourceOptions(std::string from, std::string filter, std::string consumer, std::size_t most = 1000)
      : stream{std::move(from)},
        filter_subject{std::move(filter)},
        durable{std::move(consumer)},
        batch_size{most} {}

  /// What `Context::source` takes; each of a service has its own.
  std::string name = "main";
  std::string stream;
  std::string filter_subject;
  std::string durable;
  /// The most messages one `next` asks for. The source holds so many for each lane, and as many
  /// again.
  std::size_t batch_size = 1000;
  /// Those of `Needs`, or as many as the storage can serve: the host writes them here.
  std::size_t lanes = 1;
};

/// A stream that a service sees go by: every host sees every message, once and in order, from a
/// position on, also after a connection was lost. Nothing is acked, and what the stream drops
/// before it is read is not seen; the log says so.
struct LiveOptions {
  std::string name = "live";  ///< What `Context::source` takes; no other source has it.
  std::string stream;
  std::string filter_subject;
  /// The first position to see; without one, what comes after the service has begun.
  std::optional<std::uint64_t> from_sequence{};
};

/// A stream that a service publishes to. One that is not there is created with this subject, as
/// `nats.replicas` and `nats.max_age` say.
struct Publishes {
  std::string stream;
  std::string subject;  ///< What it publishes on; may have wildcards.
  /// The size of a stream that is created, which drops its oldest messages for newer ones. 0: it
  /// has no limit of its own, and when the server has no room it takes nothing more.
  std::uint64_t max_bytes = 0;
};

/// Where the requests of a listener go that are not the service's own: to another HTTP/1.1 server,
/// as they are, and its answers back. Also what an Upgrade makes of a connection goes there.
struct PassesOn {
  PassesOn() = default;  // Not an aggregate, like SourceOptions.

  std::string host;  ///< A name or an address; empty: nothing is passed on.
  std::string port;
  /// The service's own, by the whole path as it was sent, without the query.
  std::vector<std::string> own{};
};

/// An address that a service listens on for HTTP/1.1.
struct ListensOn {
  ListensOn() = default;  // Not an aggregate, like SourceOptions.
  explicit ListensOn(std::string at, std::size_t most = 1U << 20U)
      : address{std::move(at)}, largest_body{most} {}

  /// What `Context::listener` takes; each of a service has its own.
  std::string name = "http";
  /// The service's setting that gives the address, which messages name.
  std::string setting = "listen";
  std::string address;  ///< `127.0.0.1:8080`, say; port 0 is any free one.
  /// A request with a larger body, in bytes, is answered 413.
  std::size_t largest_body = 1U << 20U;
  /// A further connection is closed at once.
  std::size_t connections = 512;
  PassesOn passes_on{};
  /// Files of a certificate, with its chain, and of its key; empty: there is no TLS. When they are
  /// replaced, new connections have the new ones.
  std::string tls_certificate{};
  std::string tls_key{};
};

/// A consumer of somebody else's, of which a service reads how far it is, and sets the filter.
struct Steers {
  std::string stream;
  std::string durable;      ///< What `Context::consumer` takes; each of a service has its own.
  bool sets_filter = true;  ///< Otherwise `hangar doctor` does not ask for the right to.
};

/// Rows that the service deletes once they are so old: `hangar verify` does not miss them.
struct Expires {
  const Table* table = nullptr;        ///< One of `Needs::tables`.
  std::size_t column = 0;              ///< The timestamp that tells how old a row is.
  std::chrono::microseconds after{};   ///< Older rows may be gone.
  std::optional<std::size_t> where{};  ///< Only rows in whose column, of type text, is `is`.
  std::string is{};
};

/// What a service needs of its host, as data. The host gets all of it ready before the service is
/// made, in the order of the members, but for tables that can wait; `doctor`, `verify`, `services
/// ls`, /readyz, /status and `config check` read it, and run no code of the service.
struct Needs {
  /// The tables that it reads or writes. They outlive the service.
  std::vector<const Table*> tables{};
  /// Whether the service has work that needs no table. It begins before they are ready, and only
  /// `Context::transact` waits for them; while the storage does not answer, its sources go on, and
  /// the host is ready as far as this service goes.
  bool tables_can_wait = false;
  /// How many transactions are to be in progress at the same time, each on a lane of its own; there
  /// are no more lanes than the storage can serve.
  std::size_t lanes = 1;
  /// How many more there are, numbered from `Context::lanes()` on, for work that is to hold up no
  /// message: sources and BatchWriters know nothing of them. Where the storage cannot serve so
  /// many, transactions on them take turns with those of the last lane.
  std::size_t background_lanes = 0;
  std::vector<Publishes> publishes{};
  std::vector<ListensOn> listens{};
  std::vector<SourceOptions> reads{};
  std::vector<LiveOptions> live{};
  std::vector<Steers> steers{};
  /// Names of work that one of several hosts does at a time: what `Context::every` takes. Each is
  /// one word of a subject.
  std::vector<std::string> leases{};
  /// Streams of which /metrics tells how far behind each consumer is, whoever reads it. One that is
  /// not there, or not to be looked at, is no fault.
  std::vector<std::string> watches{};
  std::vector<Expires> expires{};
};

}  // namespace hangar
