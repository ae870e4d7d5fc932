#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hangar {

/// Answers to deliveries in the order in which they are to be sent. There is one for each message,
/// so all share one piece of memory.
class Answers {
 public:
  void add(std::string_view subject, std::string_view body) {
    texts_.append(subject).push_back('\0');
    texts_.append(body).push_back('\0');
  }
  void add(const Answers& later) { texts_ += later.texts_; }
  [[nodiscard]] bool empty() const noexcept { return texts_.empty(); }

  /// Calls `send(subject, body)` for each until it returns false; that answer and those after it
  /// stay. A NUL is behind both texts.
  template <class Send>
  void send(Send send) {
    std::size_t sent = 0;
    while (sent < texts_.size()) {
      const std::string_view rest = std::string_view{texts_}.substr(sent);
      const std::string_view subject = rest.substr(0, rest.find('\0'));
      const std::string_view after = rest.substr(subject.size() + 1);
      const std::string_view body = after.substr(0, after.find('\0'));
      if (!send(subject, body)) break;
      sent += subject.size() + body.size() + 2;
    }
    texts_.erase(0, sent);
  }

 private:
  std::string texts_;
};

}  // namespace hangar
