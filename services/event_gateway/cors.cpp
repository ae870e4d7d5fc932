#include "cors.hpp"

#include <algorithm>

namespace hangar::gateway {
namespace {

using Texts = std::vector<std::string>;

/// The parts as they are, blanks too: an empty text has one, which is empty.
Texts parts_of(std::string_view list) {
  Texts parts;
  for (auto comma = list.find(','); comma != list.npos; comma = list.find(',')) {
    parts.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma + 1);
  }
  parts.emplace_back(list);
  return parts;
}

bool has(const Texts& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

std::string joined(const Texts& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + text;
  return list;
}

std::string lower_case(std::string_view text) {
  std::string lower{text};
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return lower;
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

Cors::Cors(std::string_view origins, std::string_view methods, std::string_view headers)
    : origins_{parts_of(origins)},
      methods_{parts_of(methods)},
      headers_{parts_of(headers)},
      all_origins_{has(origins_, "*")},
      all_headers_{has(headers_, "*")} {
  if (has(methods_, "*")) {
    methods_ = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"};
  }
  for (const char* always : {"Accept", "Accept-Language", "Content-Language", "Content-Type"}) {
    headers_.emplace_back(always);
  }
  std::ranges::sort(headers_);
  // clang 14 cannot compile std::ranges::unique.
  headers_.erase(std::unique(headers_.begin(), headers_.end()), headers_.end());
  for (const std::string& name : headers_) lower_case_headers_.push_back(lower_case(name));
}

bool Cors::allows_origin(std::string_view origin) const {
  return all_origins_ || has(origins_, origin);
}

bool Cors::allows_headers(std::string_view names) const {
  return std::ranges::all_of(parts_of(lower_case(names)), [this](const std::string& name) {
    return has(lower_case_headers_, without_blanks(name));
  });
}

Cors::Answer Cors::answer(const Preflight& asked) const {
  Answer answer;
  std::string failures;
  const auto fails = [&](const char* what) {
    failures += (failures.empty() ? "" : ", ") + std::string{what};
  };
  const auto add = [&](const char* name, std::string value) {
    answer.headers.emplace_back(name, std::move(value));
  };
  add("Vary",
      "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
      "Access-Control-Request-Private-Network");
  add("Access-Control-Allow-Methods", joined(methods_));
  add("Access-Control-Max-Age", "600");
  if (!allows_origin(asked.origin)) {
    fails("origin");
  } else {
    add("Access-Control-Allow-Origin", all_origins_ ? "*" : std::string{asked.origin});
  }
  if (!has(methods_, asked.method)) fails("method");
  if (!all_headers_) {
    add("Access-Control-Allow-Headers", joined(headers_));
    if (!asked.headers.empty() && !allows_headers(asked.headers)) fails("headers");
  } else if (!asked.headers.empty()) {
    add("Access-Control-Allow-Headers", std::string{asked.headers});
  }
  if (!asked.private_network.empty()) fails("private-network");
  if (failures.empty()) return answer;
  answer.status = 400;
  answer.body = "Disallowed CORS " + failures;
  return answer;
}

Cors::Headers Cors::headers(std::string_view origin) const {
  Headers headers;
  if (!origin.empty() && all_origins_) {
    headers.emplace_back("Access-Control-Allow-Origin", "*");
  } else if (!origin.empty() && allows_origin(origin)) {
    headers.emplace_back("Access-Control-Allow-Origin", std::string{origin});
  }
  headers.emplace_back("Vary", "Origin");
  return headers;
}

}  // namespace hangar::gateway
