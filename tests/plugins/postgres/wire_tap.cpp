#include "wire_tap.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string_view>

namespace hangar::postgres {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int require(int result, const char* what) {
  if (result < 0) throw std::runtime_error{std::string{"wire tap: "} + what};
  return result;
}

/// Passes on what has come; false at the end of the stream.
bool pump(int from, int to, std::string& bytes) {
  std::array<char, 65536> buffer;
  const ssize_t count = read(from, buffer.data(), buffer.size());
  if (count <= 0) return false;
  bytes.assign(buffer.data(), static_cast<std::size_t>(count));
  for (std::size_t sent = 0; to >= 0 && sent < bytes.size();) {
    const ssize_t written = send(to, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (written <= 0) return false;
    sent += static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

WireTap::WireTap(int server_port) : server_port_{server_port} {
  listener_ = require(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  require(bind(listener_, any, length), "bind");
  require(listen(listener_, 8), "listen");
  require(getsockname(listener_, any, &length), "getsockname");
  port_ = ntohs(address.sin_port);
  require(pipe(wake_), "pipe");
  acceptor_ = std::thread{[this] { accept_all(); }};
}

WireTap::~WireTap() {
  close(wake_[1]);  // every poll sees the end of it
  acceptor_.join();
  for (std::thread& pair : pairs_) pair.join();
  close(wake_[0]);
  close(listener_);
}

void WireTap::accept_all() {
  while (true) {
    std::array<pollfd, 2> waits{{{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}}};
    poll(waits.data(), waits.size(), -1);
    if (waits[1].revents != 0) return;
    const int client = accept(listener_, nullptr, nullptr);
    if (client >= 0) pairs_.emplace_back([this, client] { forward(client); });
  }
}

void WireTap::forward(int client) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(server_port_);
  bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  Listener listener{*this};
  std::string bytes;
  while (open) {
    std::array<pollfd, 3> waits{{{client, POLLIN, 0}, {server, POLLIN, 0}, {wake_[0], POLLIN, 0}}};
    poll(waits.data(), waits.size(), -1);
    if (waits[2].revents != 0) break;
    if (waits[0].revents != 0) open = pump(client, server, bytes);
    if (!open || waits[1].revents == 0) continue;
    open = pump(server, -1, bytes) && !listener.hear(bytes);
    if (!open || silent_) continue;
    open = send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0;
  }
  close(client);
  close(server);
}

bool WireTap::Listener::hear(std::string_view bytes) {
  constexpr std::size_t header = 5;  // a letter and the length of the rest
  pending_ += bytes;
  while (pending_.size() >= header) {
    std::size_t length = 0;
    for (std::size_t i = 1; i < header; ++i) {
      length = length << 8U | static_cast<std::uint8_t>(pending_[i]);
    }
    if (pending_.size() < length + 1) break;
    const std::string_view body = std::string_view{pending_}.substr(header, length + 1 - header);
    if (pending_[0] == 'C' && body.starts_with("COMMIT") && tap_.cut_.exchange(false)) return true;
    if (pending_[0] == 'Z') ++tap_.round_trips_;
    pending_.erase(0, length + 1);
  }
  return false;
}

}  // namespace hangar::postgres
