#include "host/nats_context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "config/problems.hpp"
#include "config/read_file.hpp"
#include "hangar/error.hpp"

namespace json = boost::json;

namespace hangar {
namespace {

constexpr std::size_t longest_context = 64U << 10U;

// Members that change how one connects, and that Hangar has nothing for.
constexpr std::array unsupported{"nsc", "socks_proxy", "user_jwt", "user_seed"};

/// Where the nats CLI keeps its files.
std::filesystem::path nats_folder(const Environment& environment) {
  const std::string configured = variable(environment, "XDG_CONFIG_HOME");
  if (!configured.empty()) return std::filesystem::path{configured} / "nats";
  return std::filesystem::path{variable(environment, "HOME")} / ".config" / "nats";
}

/// One context's file, and the members of the settings that are still free for it.
class ContextFile {
 public:
  ContextFile(std::string name, const Environment& environment, Origins& origins)
      : name_{std::move(name)}, environment_{environment}, origins_{origins} {
    if (name_.find("..") != name_.npos || name_.find('/') != name_.npos) {
      throw fail("this cannot be the name of a context");
    }
    file_ = nats_folder(environment) / "context" / (name_ + ".json");
    if (!std::filesystem::exists(file_)) {
      throw fail(fmt::format("there is no {}: `nats context ls` lists those that there are",
                             in_quotes(file_.native())));
    }
    boost::system::error_code failed;
    const json::value value = json::parse(read_file(file_, longest_context), failed);
    if (failed || !value.is_object()) {
      throw fail(fmt::format("{} is not a JSON object", in_quotes(file_.native())));
    }
    members_ = value.as_object();
    for (const char* member : unsupported) {
      if (!text(member).empty()) {
        throw fail(fmt::format("{} has `{}`, which Hangar does not know: set what it stands for",
                               in_quotes(file_.native()), member));
      }
    }
  }

  [[nodiscard]] bool free(const std::string& path) const {
    return is_default(origins_.at("nats." + path));
  }
  [[nodiscard]] std::string text(std::string_view member) const {
    const json::value* value = members_.if_contains(member);
    if (value == nullptr || value->is_null()) return {};
    if (!value->is_string()) throw fail(fmt::format("`{}` is not a string", member));
    return std::string{value->as_string()};
  }
  /// A file's name, in which the nats CLI expands `~` and variables.
  [[nodiscard]] std::string file(std::string_view member) const {
    std::string name = text(member);
    const std::string home = variable(environment_, "HOME");
    if (name.starts_with("~/")) name.replace(0, 1, home);
    for (const std::string_view of : {"${HOME}", "$HOME"}) {
      if (name.starts_with(of)) name.replace(0, of.size(), home);
    }
    return name;
  }
  [[nodiscard]] bool flag(std::string_view member) const {
    const json::value* value = members_.if_contains(member);
    return value != nullptr && value->is_bool() && value->as_bool();
  }
  template <class Value>
  void give(const std::string& path, Value& to, Value value) {
    if (value == Value{} || !free(path)) return;
    to = std::move(value);
    origins_.at("nats." + path) = fmt::format("NATS context {}", name_);
  }

 private:
  [[nodiscard]] ConfigError fail(std::string_view why) const {
    return ConfigError{fmt::format("nats.context: {}: {}", in_quotes(name_), why)};
  }

  std::string name_;
  const Environment& environment_;
  Origins& origins_;
  std::filesystem::path file_;
  json::object members_;
};

}  // namespace

void apply_nats_context(NatsConfig& nats, Origins& origins, const Environment& environment) {
  if (nats.context.empty()) return;
  ContextFile context{nats.context, environment, origins};
  // As in the nats CLI: without a URL it is the server of this machine.
  const std::string url = context.text("url");
  context.give("url", nats.urls,
               std::vector<std::string>{url.empty() ? "nats://127.0.0.1:4222" : url});
  // A user of the settings with a password of the context would be nobody.
  const std::array identity{"user", "password", "token", "credentials_file", "nkey_seed_file"};
  if (std::ranges::all_of(identity, [&](const char* path) { return context.free(path); })) {
    context.give("user", nats.user, context.text("user"));
    context.give("password", nats.password, Secret{context.text("password")});
    context.give("token", nats.token, Secret{context.text("token")});
    context.give("credentials_file", nats.credentials_file, context.file("creds"));
    context.give("nkey_seed_file", nats.nkey_seed_file, context.file("nkey"));
  }
  if (context.free("domain") && context.free("api_prefix")) {
    context.give("domain", nats.domain, context.text("jetstream_domain"));
    context.give("api_prefix", nats.api_prefix, context.text("jetstream_api_prefix"));
  }
  context.give("inbox_prefix", nats.inbox_prefix, context.text("inbox_prefix"));
  context.give("tls.ca_file", nats.tls.ca_file, context.file("ca"));
  context.give("tls.cert_file", nats.tls.cert_file, context.file("cert"));
  context.give("tls.key_file", nats.tls.key_file, context.file("key"));
  context.give("tls.handshake_first", nats.tls.handshake_first, context.flag("tls_first"));
}

std::string selected_nats_context(const Environment& environment) {
  try {
    return boost::algorithm::trim_right_copy_if(
        read_file(nats_folder(environment) / "context.txt", longest_context),
        boost::algorithm::is_any_of(" \t\r\n"));
  } catch (const ConfigError&) {
    return {};
  }
}

}  // namespace hangar
