#include "hangar/failpoint.hpp"

#ifdef HANGAR_FAILPOINTS

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "hangar/error.hpp"

namespace hangar {
namespace {

using namespace std::chrono_literals;

// In the order of Failpoint.
constexpr std::array<std::string_view, 9> names{
    "start",        "pulled",     "before_write",       "keys_read",        "before_commit",
    "after_commit", "before_ack", "before_dead_letter", "after_dead_letter"};

struct Armed {
  Failpoint place{};
  std::string action;
  std::string file;
  std::uint64_t at = 1;
  std::atomic<std::uint64_t> passed{0};
};

void arm(std::list<Armed>& all, std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return ConfigError{
        fmt::format("HANGAR_TEST_FAILPOINTS: {} in \"{}\"; NAME=ACTION[@N], where NAME is one of "
                    "{} and ACTION is "
                    "exit, error or wait:FILE",
                    what, text, fmt::join(names, ", "))};
  };
  const std::size_t equals = text.find('=');
  const auto name = std::ranges::find(names, text.substr(0, equals));
  if (name == names.end()) throw wrong("unknown name");
  if (equals == std::string_view::npos) throw wrong("no action");
  std::string_view action = text.substr(equals + 1);
  Armed& armed = all.emplace_back();
  armed.place = static_cast<Failpoint>(name - names.begin());
  if (const std::size_t sign = action.rfind('@'); sign != std::string_view::npos) {
    const std::string_view digits = action.substr(sign + 1);
    const char* const end = digits.data() + digits.size();
    const auto [read, error] = std::from_chars(digits.data(), end, armed.at);
    if (error != std::errc{} || read != end || armed.at == 0) throw wrong("bad number");
    action = action.substr(0, sign);
  }
  if (action.starts_with("wait:")) {
    armed.file = action.substr(5);
    action = "wait";
  } else if (action != "exit" && action != "error") {
    throw wrong("unknown action");
  }
  armed.action = action;
}

std::list<Armed> armed_by_environment() {
  std::list<Armed> all;
  const char* const variable = std::getenv("HANGAR_TEST_FAILPOINTS");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    arm(all, rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return all;
}

void wait_for(const std::string& file) {
  const std::ofstream arrived{fmt::format("{}.{}", file, getpid())};
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!std::filesystem::exists(file)) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error{fmt::format("failpoint: nobody created {} within 60 s", file)};
    }
    std::this_thread::sleep_for(1ms);
  }
}

}  // namespace

void failpoint(Failpoint place) {
  static std::list<Armed> all = armed_by_environment();
  for (Armed& armed : all) {
    if (armed.place != place) continue;
    if (armed.passed.fetch_add(1, std::memory_order_relaxed) + 1 != armed.at) continue;
    if (armed.action == "exit") _exit(137);
    if (armed.action == "wait") {
      wait_for(armed.file);
    } else {
      throw TransientError{fmt::format("failpoint {}", names.at(static_cast<std::size_t>(place))),
                           TransientError::Retry::backoff};
    }
  }
}

}  // namespace hangar

#else

namespace hangar {

void failpoint(Failpoint /*place*/) {}

}  // namespace hangar

#endif
