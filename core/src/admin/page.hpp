#pragma once

#include <string_view>

#include "http/http_server.hpp"

namespace hangar {

/// page.html, which the build makes a string of.
std::string_view page_text() noexcept;

/// The page at `/`, with a policy that lets a browser run and show what is in it, ask this server,
/// and nothing else.
HttpReply page_reply();

}  // namespace hangar
