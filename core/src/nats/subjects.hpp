#pragma once

#include <string>
#include <string_view>

#include "hangar/source.hpp"
#include "nats/nats_config.hpp"

namespace hangar {

/// What the subjects of the API begin with of the JetStream that a server itself runs.
inline constexpr std::string_view server_api = "$JS.API.";

/// What the subjects of JetStream's API begin with, the last dot included: `server_api`,
/// `$JS.<domain>.API.` or `<api_prefix>.`. Throws ConfigError for what can be none, and when both a
/// domain and a prefix are given.
std::string api_prefix(const NatsConfig& nats);

/// What inboxes begin with, without a dot at the end. Throws ConfigError for what can be none.
std::string inbox_prefix(const NatsConfig& nats);

/// Throws ConfigError unless `name` can be the name of a stream or consumer; `setting` is shown.
void check_jetstream_name(std::string_view name, std::string_view setting);

/// Throws ConfigError unless `subject` can be a subject or, with `*` and `>`, a filter; `setting`
/// is shown.
void check_subject(std::string_view subject, std::string_view setting);
/// Whether one can publish on it: words with a dot between each two, none of them a wildcard.
bool is_literal_subject(std::string_view subject) noexcept;
/// The same for a filter alone, which may be empty: it filters nothing.
void check_filter_subject(std::string_view subject, std::string_view setting);
/// Checks all that a source names; `prefix` stands before the setting, `services.x.` for example.
void check_source_names(const SourceOptions& source, std::string_view prefix = {});

}  // namespace hangar
