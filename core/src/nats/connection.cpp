#include "nats/connection.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/host_name.hpp>
#include <cstring>
#include <fstream>
#include <thread>

#include "hangar/error.hpp"
#include "identity/credentials.hpp"
#include "identity/nkey.hpp"
#include "nats/remedy.hpp"

namespace hangar {
namespace {

constexpr std::int64_t connect_within_ms = 5000;
// A link is given up at the third tick without an answer, so within 12 s.
constexpr std::int64_t ping_every_ms = 4000;
constexpr int pings_without_answer = 2;
constexpr std::int64_t write_within_ms = 5000;
// cnats wakes the thread of a subscription for every message that it waits for. One that sleeps
// meanwhile finds many, and hands them on with one wake-up.
constexpr std::chrono::microseconds burst_gap{500};

// cnats puts the line of its own source before some texts.
std::string_view without_source_line(std::string_view text) {
  if (!text.starts_with('(')) return text;
  const std::size_t end = text.find("): ");
  return end == std::string_view::npos ? text : text.substr(end + 3);
}

TransientError unreachable(const Endpoint& endpoint, std::string_view why,
                           std::string_view identity, const NatsConfig& nats) {
  const std::string_view said = without_source_line(why);
  const std::string certificate = endpoint.tls ? certificate_remedy(said, nats) : std::string{};
  // What cnats says of a server that hangs up without a word.
  const std::string told = !certificate.empty() ? fmt::format("{}: {}", said, certificate)
                           : said == natsStatus_GetText(NATS_CONNECTION_CLOSED)
                               ? fmt::format("{}: {}", said, tls_first_remedy())
                               : with_remedy(said, identity);
  return TransientError{fmt::format("NATS at {}: {}", endpoint.address(), told),
                        TransientError::Retry::reconnect};
}

void must_read(const std::string& path, const char* setting) {
  if (path.empty()) return;
  std::ifstream file{path};
  // A folder can be opened too.
  if (!file.good() || (file.peek() == std::ifstream::traits_type::eof() && !file.eof())) {
    throw ConfigError{fmt::format("nats.{}: cannot read {}", setting, path)};
  }
}

// TLS begins before the server greets.
#ifdef HANGAR_CNATS_HAS_TLS_FIRST
void set_tls_first(natsOptions* options) {
  const natsStatus status = natsOptions_TLSHandshakeFirst(options);
  if (status == NATS_OK) return;
  throw ConfigError{fmt::format("nats.tls.handshake_first: {}", natsStatus_GetText(status))};
}
#else
void set_tls_first(natsOptions* /*options*/) {
  throw ConfigError{fmt::format(
      "nats.tls.handshake_first: the cnats {} of this Hangar cannot begin with TLS, 3.9 can: set "
      "`handshake_first: auto` in the server's configuration, or build Hangar with a newer one",
      nats_GetVersion())};
}
#endif

}  // namespace

/// What cnats asks for while it connects, and only then.
struct Connection::Proof {
  std::string jwt;
  Secret seed;

  static natsStatus tell_jwt(char** jwt, char** /*error*/, void* closure) {
    *jwt = strdup(static_cast<Proof*>(closure)->jwt.c_str());
    return *jwt == nullptr ? NATS_NO_MEMORY : NATS_OK;
  }
  static natsStatus sign(char** /*error*/, unsigned char** signature, int* length,
                         const char* nonce, void* closure) {
    return nats_Sign(static_cast<Proof*>(closure)->seed.reveal().c_str(), nonce, signature, length);
  }
};

/// Options of cnats, ready for one endpoint.
struct Connection::Options {
  Options(const Endpoint& endpoint, const Settings& settings) {
    take(natsOptions_Create(&options), "options");
    try {
      set_behaviour(endpoint, settings);
      set_identity(endpoint, settings.nats);
      if (endpoint.tls) set_tls(endpoint, settings.nats);
    } catch (...) {
      natsOptions_Destroy(options);
      throw;
    }
  }
  ~Options() { natsOptions_Destroy(options); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  static void take(natsStatus status, const char* setting) {
    if (status == NATS_OK) return;
    throw ConfigError{
        fmt::format("nats.{}: cannot be used: {}", setting, natsStatus_GetText(status))};
  }

  void set_behaviour(const Endpoint& endpoint, const Settings& settings) const {
    take(natsOptions_SetURL(options, endpoint.address().c_str()), "url");
    take(natsOptions_SetName(options, settings.name.c_str()), "name");
    // A new connection object is made instead, which knows what it has to find out first.
    take(natsOptions_SetAllowReconnect(options, false), "url");
    take(natsOptions_SetTimeout(options, connect_within_ms), "url");
    take(natsOptions_SetPingInterval(options, ping_every_ms), "url");
    take(natsOptions_SetMaxPingsOut(options, pings_without_answer), "url");
    take(natsOptions_SetWriteDeadline(options, write_within_ms), "url");
    take(natsOptions_SetNoEcho(options, false), "url");
  }

  void set_identity(const Endpoint& endpoint, const NatsConfig& nats) {
    if (!endpoint.user.empty()) {
      take(natsOptions_SetUserInfo(options, endpoint.user.c_str(),
                                   endpoint.password.reveal().c_str()),
           "user");
    }
    if (!endpoint.token.empty()) {
      take(natsOptions_SetToken(options, endpoint.token.reveal().c_str()), "token");
    }
    if (!nats.credentials_file.empty()) {
      UserCredentials credentials = read_user_credentials(nats.credentials_file);
      proof.jwt = std::move(credentials.jwt);
      proof.seed = std::move(credentials.seed);
      take(natsOptions_SetUserCredentialsCallbacks(options, &Proof::tell_jwt, &proof, &Proof::sign,
                                                   &proof),
           "credentials_file");
    }
    if (!nats.nkey_seed_file.empty()) {
      UserKey key = read_user_key(nats.nkey_seed_file, "nkey_seed_file");
      proof.seed = std::move(key.seed);
      take(natsOptions_SetNKey(options, key.public_key.c_str(), &Proof::sign, &proof),
           "nkey_seed_file");
    }
  }

  void set_tls(const Endpoint& endpoint, const NatsConfig& nats) const {
    // cnats before 3.13 does not look at the scheme: without this, tls:// would be plain text.
    take(natsOptions_SetSecure(options, true), "tls");
    if (!nats.tls.ca_file.empty()) {
      must_read(nats.tls.ca_file, "tls.ca_file");
      take(natsOptions_LoadCATrustedCertificates(options, nats.tls.ca_file.c_str()), "tls.ca_file");
    }
    if (nats.tls.cert_file.empty() != nats.tls.key_file.empty()) {
      throw ConfigError{fmt::format("nats.tls.{}: cert_file and key_file come together",
                                    nats.tls.cert_file.empty() ? "key_file" : "cert_file")};
    }
    if (!nats.tls.cert_file.empty()) {
      must_read(nats.tls.cert_file, "tls.cert_file");
      must_read(nats.tls.key_file, "tls.key_file");
      take(natsOptions_LoadCertificatesChain(options, nats.tls.cert_file.c_str(),
                                             nats.tls.key_file.c_str()),
           "tls.cert_file");
    }
    take(natsOptions_SetExpectedHostname(options, endpoint.tls_name.c_str()), "tls");
    if (nats.tls.handshake_first) set_tls_first(options);
    if (nats.tls.insecure) take(natsOptions_SkipServerVerification(options, true), "tls.insecure");
  }

  /// cnats reads files of its own accord too, but stumbles over the ends of lines of other systems.
  Proof proof;
  natsOptions* options = nullptr;
};

void Connection::Ending::ended() {
  const std::lock_guard lock{mutex};
  --running;
  changed.notify_all();
}

void Connection::on_closed(natsConnection*, void* closure) {
  auto& ending = *static_cast<Ending*>(closure);
  ending.callbacks.lost();
  ending.ended();
}

void Connection::on_error(natsConnection* connection, natsSubscription*, natsStatus error,
                          void* closure) {
  // The connection has the last error of several; this thread is told the one that it is called
  // for.
  natsStatus last = NATS_OK;
  const char* text = nats_GetLastError(&last);
  if (last != error || text == nullptr || *text == '\0') {
    last = natsConnection_GetLastError(connection, &text);
  }
  const bool told = last != NATS_OK && text != nullptr && *text != '\0';
  const auto& ending = *static_cast<Ending*>(closure);
  ending.callbacks.error(with_remedy(told ? text : natsStatus_GetText(error), ending.identity));
}

void Connection::on_message(natsConnection*, natsSubscription* subscription, natsMsg* message,
                            void* closure) {
  static_cast<Inbox*>(closure)->put(WireMessage{message});
  std::uint64_t queued = 0;
  if (natsSubscription_QueuedMsgs(subscription, &queued) == NATS_OK && queued == 0) {
    std::this_thread::sleep_for(burst_gap);
  }
}

// cnats lets go of the subscription after this call, on this thread, which it has for this
// subscription alone. What it frees after its library is closed it never frees (3.10).
void Connection::on_complete(void* closure) {
  struct Farewell {
    explicit Farewell(Ending& of) : ending{of} {}
    Farewell(const Farewell&) = delete;
    Farewell& operator=(const Farewell&) = delete;
    ~Farewell() { ending.ended(); }
    Ending& ending;
  };
  thread_local const Farewell at_the_end_of_the_thread{*static_cast<Ending*>(closure)};
}

void Connection::check(const Endpoint& endpoint, const Settings& settings) {
  const Options options{endpoint, settings};
}

Connection::Connection(const Endpoint& endpoint, const Settings& settings, Callbacks callbacks) {
  ending_.callbacks = std::move(callbacks);
  ending_.identity = identity_of(endpoint, settings.nats);
  const Options options{endpoint, settings};
  Options::take(natsOptions_SetClosedCB(options.options, &Connection::on_closed, &ending_), "url");
  Options::take(natsOptions_SetErrorHandler(options.options, &Connection::on_error, &ending_),
                "url");
  ending_.running = 1;  // the callback that says that the connection is closed
  const natsStatus status = natsConnection_Connect(&connection_, options.options);
  if (status != NATS_OK) {
    natsStatus last = status;
    const char* text = nats_GetLastError(&last);
    throw unreachable(endpoint,
                      text != nullptr && *text != '\0' ? text : natsStatus_GetText(status),
                      ending_.identity, settings.nats);
  }
}

Connection::~Connection() {
  natsConnection_Close(connection_);
  {
    std::unique_lock lock{ending_.mutex};
    ending_.changed.wait(lock, [&] { return ending_.running == 0; });
  }
  for (natsSubscription* subscription : subscriptions_) natsSubscription_Destroy(subscription);
  natsConnection_Destroy(connection_);
}

void Connection::subscribe(const std::string& subject, Inbox& inbox) {
  natsSubscription* made = nullptr;
  natsStatus status = natsConnection_Subscribe(&made, connection_, subject.c_str(),
                                               &Connection::on_message, &inbox);
  if (status == NATS_OK) {
    subscriptions_.push_back(made);
    // The source has a credit of its own; cnats would drop what is over its limits.
    status = natsSubscription_SetPendingLimits(made, -1, -1);
  }
  if (status == NATS_OK) {
    {
      const std::lock_guard lock{ending_.mutex};
      ++ending_.running;
    }
    status = natsSubscription_SetOnCompleteCB(made, &Connection::on_complete, &ending_);
    if (status != NATS_OK) ending_.ended();
  }
  if (status != NATS_OK) {
    throw TransientError{fmt::format("NATS: cannot subscribe: {}", natsStatus_GetText(status)),
                         TransientError::Retry::reconnect};
  }
}

void Connection::drain(std::size_t subscription, std::chrono::milliseconds within) noexcept {
  natsSubscription* ending = subscriptions_.at(subscription);
  if (natsSubscription_DrainTimeout(ending, within.count()) == NATS_OK) {
    natsSubscription_WaitForDrainCompletion(ending, within.count());
  }
}

bool Connection::publish(natsMsg& message) noexcept {
  return natsConnection_PublishMsg(connection_, &message) == NATS_OK;
}

bool Connection::publish(std::string_view subject, std::string_view body) noexcept {
  // Subjects come from answers and literals, which end in a NUL.
  return natsConnection_Publish(connection_, subject.data(), body.data(),
                                static_cast<int>(body.size())) == NATS_OK;
}

void Connection::flush(std::chrono::milliseconds within) noexcept {
  natsConnection_FlushTimeout(connection_, within.count());
}

bool Connection::alive() const noexcept {
  return natsConnection_Status(connection_) == NATS_CONN_STATUS_CONNECTED;
}

std::uint64_t Connection::max_payload() const noexcept {
  return static_cast<std::uint64_t>(natsConnection_GetMaxPayload(connection_));
}

std::vector<std::string> Connection::discovered() const {
  char** servers = nullptr;
  int count = 0;
  std::vector<std::string> found;
  if (natsConnection_GetDiscoveredServers(connection_, &servers, &count) != NATS_OK) return found;
  for (int i = 0; i < count; ++i) {
    found.emplace_back(servers[i]);
    std::free(servers[i]);  // NOLINT: cnats's malloc
  }
  std::free(servers);  // NOLINT: cnats's malloc
  return found;
}

std::string Connection::last_error() const {
  const char* text = nullptr;
  const natsStatus status = natsConnection_GetLastError(connection_, &text);
  if (status == NATS_OK) return "the connection was closed";
  return with_remedy(text != nullptr && *text != '\0' ? text : natsStatus_GetText(status),
                     ending_.identity);
}

std::string connection_name(std::string_view service, std::string_view part) {
  boost::system::error_code unknown;
  return fmt::format("hangar/{}{}{}@{}", service, part.empty() ? "" : "/", part,
                     boost::asio::ip::host_name(unknown));
}

}  // namespace hangar
