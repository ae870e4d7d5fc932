#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "hangar/storage.hpp"
#include "nats/link.hpp"

namespace hangar {

/// What a server says that the connected user may publish on.
struct PublishRights {
  std::string unknown{};             ///< Why nothing is known; empty when it is.
  std::string hint{};                ///< What mends that; empty when nothing does.
  std::vector<std::string> allow{};  ///< None: all that `deny` does not have.
  std::vector<std::string> deny{};
};

/// Reads an answer of `$SYS.REQ.USER.INFO`.
PublishRights to_publish_rights(const boost::json::object& answer);

/// Asks for them; nobody else sees anything of it.
boost::asio::awaitable<PublishRights> publish_rights(Link& link);

/// Whether they are enough for the subject, which may have wildcards; `what` and `without_it` are
/// for the sentence.
Check check_publish_rights(const PublishRights& rights, std::string what,
                           const std::string& subject, const std::string& without_it);

}  // namespace hangar
