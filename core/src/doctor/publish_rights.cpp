#include "doctor/publish_rights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <chrono>
#include <utility>

#include "jetstream/stream_info.hpp"
#include "text/json_member.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar {
namespace {

using enum Check::Verdict;

constexpr const char* user_info = "$SYS.REQ.USER.INFO";

std::vector<std::string> subjects(const json::object& of, std::string_view name) {
  const json::value* list = of.if_contains(name);
  if (list == nullptr || !list->is_array()) return {};
  std::vector<std::string> found;
  for (const json::value& one : list->as_array()) {
    if (one.is_string()) found.emplace_back(one.as_string());
  }
  return found;
}

}  // namespace

PublishRights to_publish_rights(const json::object& answer) {
  const json::object& data = object_member(answer, "data");
  if (data.empty()) return {.unknown = fmt::format("{} was not answered with a user", user_info)};
  const json::object& publish = object_member(object_member(data, "permissions"), "publish");
  return {.allow = subjects(publish, "allow"), .deny = subjects(publish, "deny")};
}

asio::awaitable<PublishRights> publish_rights(Link& link) {
  constexpr std::chrono::seconds within{2};
  const Link::Reply reply = co_await link.request(user_info, "", {}, within);
  if (reply.fate == Link::Reply::Fate::denied) {
    co_return PublishRights{.unknown = reply.why, .hint = "without that nothing tells it"};
  }
  if (reply.fate != Link::Reply::Fate::answered) {
    co_return PublishRights{.unknown = "nats-server 2.10 and newer tell it, and this one does not"};
  }
  boost::system::error_code failed;
  const json::value answer = json::parse(body_of(*reply.message), failed);
  if (failed || !answer.is_object()) co_return to_publish_rights({});
  co_return to_publish_rights(answer.as_object());
}

Check check_publish_rights(const PublishRights& rights, std::string what,
                           const std::string& subject, const std::string& without_it) {
  const auto covers = [&](const std::string& pattern) { return subject_covers(pattern, subject); };
  const auto meets = [&](const std::string& pattern) { return subjects_meet(pattern, subject); };
  if (!rights.unknown.empty()) {
    return {rights.hint.empty() ? ok : warn, std::move(what),
            fmt::format("whether this user may publish on {} was not looked at: {}", subject,
                        rights.unknown),
            rights.hint};
  }
  const std::string hint = fmt::format(
      "let this user publish there, by the permissions of nats-server's configuration or of the "
      "user's JWT: {}",
      without_it);
  const bool none = (!rights.allow.empty() && std::ranges::none_of(rights.allow, meets)) ||
                    std::ranges::any_of(rights.deny, covers);
  if (none) {
    return {fail, std::move(what), fmt::format("this user may not publish on {}", subject), hint};
  }
  const bool all = (rights.allow.empty() || std::ranges::any_of(rights.allow, covers)) &&
                   std::ranges::none_of(rights.deny, meets);
  if (!all) {
    return {warn, std::move(what),
            fmt::format("this user may publish on a part of {} alone", subject), hint};
  }
  return {ok, std::move(what), fmt::format("this user may publish on {}", subject), {}};
}

}  // namespace hangar
