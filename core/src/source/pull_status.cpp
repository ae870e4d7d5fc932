#include "source/pull_status.hpp"

#include <array>
#include <boost/algorithm/string/predicate.hpp>

namespace hangar {
namespace {

struct Rule {
  std::string_view code;
  std::string_view text;  // what the description begins with, in lower case
  PullStatus status;
};

// The first rule that fits decides, so a code's general rule comes last.
constexpr std::array rules{
    Rule{"100", "", PullStatus::heartbeat},
    Rule{"404", "consumer", PullStatus::consumer_gone},
    Rule{"404", "stream", PullStatus::consumer_gone},
    Rule{"404", "", PullStatus::ended},
    Rule{"408", "", PullStatus::ended},
    Rule{"409", "leadership change", PullStatus::leadership_changed},
    Rule{"409", "server shutdown", PullStatus::leadership_changed},
    Rule{"409", "consumer deleted", PullStatus::consumer_gone},
    Rule{"409", "consumer is push based", PullStatus::refused},
    Rule{"409", "message size exceeds maxbytes", PullStatus::message_too_big},
    Rule{"409", "exceeded maxwaiting", PullStatus::too_many_waiting},
    Rule{"409", "exceeded maxrequestbatch", PullStatus::over_request_batch},
    Rule{"409", "exceeded maxrequestmaxbytes", PullStatus::over_request_bytes},
    Rule{"409", "exceeded maxrequestexpires", PullStatus::over_request_expiry},
    Rule{"409", "batch completed", PullStatus::ended},
    Rule{"400", "", PullStatus::refused},
    Rule{"412", "", PullStatus::refused},
    Rule{"423", "", PullStatus::refused},
    Rule{"503", "", PullStatus::no_responders},
};

}  // namespace

PullStatus classify_pull_status(std::string_view code, std::string_view text) noexcept {
  for (const Rule& rule : rules) {
    if (rule.code == code && boost::algorithm::istarts_with(text, rule.text)) return rule.status;
  }
  return PullStatus::unknown;
}

}  // namespace hangar
