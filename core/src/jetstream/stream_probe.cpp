#include "jetstream/stream_probe.hpp"

#include <fmt/format.h>
#include <nats/nats.h>

#include <memory>
#include <string_view>

#include "nats/subjects.hpp"

namespace hangar {
namespace {

template <auto Destroy>
struct Destroying {
  template <class Object>
  void operator()(Object* object) const noexcept {
    Destroy(object);
  }
};
using Options = std::unique_ptr<natsOptions, Destroying<natsOptions_Destroy>>;
using Probing = std::unique_ptr<natsConnection, Destroying<natsConnection_Destroy>>;
using Reply = std::unique_ptr<natsMsg, Destroying<natsMsg_Destroy>>;

Probing connect(const std::string& url, const Secret& token, std::chrono::milliseconds within) {
  natsOptions* made = nullptr;
  if (natsOptions_Create(&made) != NATS_OK) return {};
  const Options options{made};
  const bool set = natsOptions_SetURL(made, url.c_str()) == NATS_OK &&
                   natsOptions_SetToken(made, token.reveal().c_str()) == NATS_OK &&
                   natsOptions_SetName(made, "hangar watches its embedded server") == NATS_OK &&
                   natsOptions_SetTimeout(made, within.count()) == NATS_OK &&
                   natsOptions_SetAllowReconnect(made, false) == NATS_OK;
  natsConnection* connection = nullptr;
  if (!set || natsConnection_Connect(&connection, made) != NATS_OK) return {};
  return Probing{connection};
}

}  // namespace

bool streams_answer(const std::string& url, const Secret& token, std::chrono::milliseconds within) {
  const Probing connection = connect(url, token, within);
  if (!connection) return false;
  natsMsg* answer = nullptr;
  const std::string subject = fmt::format("{}STREAM.LIST", server_api);
  // Each stream is asked for its state, so one that hangs is noticed.
  if (natsConnection_RequestString(&answer, connection.get(), subject.c_str(), "{}",
                                   within.count()) != NATS_OK) {
    return false;
  }
  const Reply reply{answer};
  const std::string_view text{natsMsg_GetData(answer),
                              static_cast<std::size_t>(natsMsg_GetDataLength(answer))};
  return text.find("\"error\"") == std::string_view::npos;
}

}  // namespace hangar
