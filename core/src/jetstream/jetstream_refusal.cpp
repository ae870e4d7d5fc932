#include "jetstream/jetstream_refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/replace.hpp>
#include <charconv>

#include "jetstream/jetstream.hpp"
#include "text/number.hpp"

namespace hangar {
namespace {

enum class Lasts { until_changed, maybe };

struct Row {
  std::int64_t error_code;
  Lasts lasts;
  /// Part of the description; a code may stand for several faults. The first row that fits counts.
  std::string_view said;
  /// What refused and what mends it; `STREAM` stands for the stream's name.
  std::string_view means;
  /// The same of the embedded server, whose configuration is nobody's to change; empty when it is
  /// what `means` says.
  std::string_view embedded{};
};

constexpr auto for_good = Lasts::until_changed;
constexpr auto maybe = Lasts::maybe;

constexpr std::array rows{
    Row{10002, maybe, "",
        "the account's storage is used up or reserved: `nats account info` shows it; raise its "
        "max_file in the server's configuration, or remove streams"},
    Row{10005, maybe, "",
        "the cluster has too few servers with room for so many replicas: start more, or set "
        "nats.replicas lower"},
    Row{10008, maybe, "", "this server is cut off from most of its cluster, or it is starting"},
    Row{10012, for_good, "",
        "a consumer of this name is there with other settings: `nats consumer info STREAM` shows "
        "them; set another durable"},
    Row{10023, maybe, "",
        "the server's store is full: `nats server report jetstream` shows it; raise max_file_store "
        "in its configuration, or purge streams",
        "the embedded nats-server has no more room: it takes up to three quarters of the disk "
        "space that was free when it started; free some where data_dir is, or set data_dir to a "
        "larger disk, and start Hangar again"},
    Row{10026, for_good, "",
        "the limit is max_consumers, of the stream or of the account: `nats consumer ls STREAM` "
        "and remove one, or raise it with `nats stream edit STREAM --max-consumers=-1` or in the "
        "account"},
    Row{10027, for_good, "",
        "the limit is the account's max_streams: remove a stream, or raise it in the server's "
        "configuration; Hangar needs one for each stream that it reads and HANGAR_DLQ"},
    Row{10028, maybe, "", "the limit is the server's max_mem, for streams and consumers in memory"},
    Row{10039, maybe, "",
        "the server's configuration has `jetstream: enabled` for other accounts than this user's: "
        "add it to the account, or connect as a user of another"},
    Row{10047, maybe, "",
        "the server's max_file_store, or what the account may reserve, is smaller than what is "
        "asked for and what other streams have reserved: raise it (with `max_file_store: 0` there "
        "is "
        "room for nothing), or ask for less",
        "the embedded nats-server has too little room: it takes up to three quarters of the disk "
        "space that was free when it started; free some where data_dir is, or set data_dir to a "
        "larger disk, and start Hangar again, or ask for less"},
    Row{10052, for_good, "duplicates window",
        "the limit is duplicate_window in the server's configuration or the stream's max_age"},
    Row{10052, for_good, "overlap with",
        "such a subject belongs to the server: choose another filter_subject"},
    Row{10052, for_good, "all subjects",
        "such a stream would take the server's own messages too: choose a narrower filter_subject"},
    Row{10052, for_good, "subject",
        "a subject has words without blanks, with dots between them: correct filter_subject"},
    Row{10054, for_good, "",
        "the limit is the stream's max_msg_size: `nats stream edit STREAM --max-msg-size=-1`"},
    Row{10058, for_good, "", "a stream of this name is there: `nats stream info STREAM` shows it"},
    Row{10060, for_good, "",
        "another stream takes this subject now: `nats stream ls --subject` shows which"},
    Row{10065, for_good, "",
        "another stream takes these subjects already, which `nats stream ls` shows: let it take "
        "others with `nats stream edit`, or use that one"},
    Row{10074, for_good, "",
        "several replicas need a cluster with as many servers: set nats.replicas: 1, or connect to "
        "the cluster"},
    Row{10076, maybe, "", "put `jetstream {}` into the server's configuration",
        "the embedded nats-server could not write its store, and is started again when it can: "
        "free disk space where data_dir is"},
    Row{10077, maybe, "per subject",
        "the limit is the stream's max_msgs_per_subject: `nats stream edit STREAM "
        "--max-msgs-per-subject=-1`"},
    Row{10077, maybe, "messages",
        "the stream is full, its limit is max_msgs: `nats stream edit STREAM --max-msgs=-1`, or "
        "`nats stream purge STREAM --keep=N` of what is no longer needed"},
    Row{10077, maybe, "bytes",
        "the stream is full, its limit is max_bytes: `nats stream edit STREAM --max-bytes=N` to "
        "raise it, or `nats stream purge STREAM --keep=N` of what is no longer needed"},
    Row{10093, for_good, "",
        "no subject of the stream matches it: `nats stream info STREAM` shows them; correct "
        "filter_subject, or add one with `nats stream edit STREAM --subjects=…`"},
    Row{10099, for_good, "",
        "a stream with retention `workqueue` takes one consumer for each subject: `nats consumer "
        "ls STREAM` shows who has it; give the service a stream with retention `limits`"},
    Row{10100, for_good, "",
        "a stream with retention `workqueue` takes one consumer for each subject: `nats consumer "
        "ls STREAM` shows who has it; give the service a stream with retention `limits`"},
    Row{10101, for_good, "",
        "a stream with retention `workqueue` deletes what is acked, so nothing can be read from it "
        "once more"},
    Row{10109, for_good, "",
        "the stream is sealed, and takes and gives up nothing for good: make another one"},
    Row{10113, for_good, "",
        "the account has max_bytes_required: make the stream yourself, `nats stream add STREAM "
        "--max-bytes=1GiB`, or take that from the account"},
    Row{10120, for_good, "",
        "the account has limits in tiers and none for so many replicas: `nats account info` shows "
        "them; set nats.replicas to what one of them is for (R1: 1), or give the account another"},
    Row{10121, for_good, "",
        "the limit is max_ack_pending, of the server's `jetstream { limits {} }` or of the "
        "account"},
    Row{10122, for_good, "",
        "the limit is the account's storage_max_stream_bytes: raise it (`nats account info` shows "
        "it), or ask for a smaller stream"},
    Row{10158, maybe, "", "a message of this id is on its way to the other servers of the cluster"},
};

const Row* row_of(const JetStreamAnswer& answer) {
  const auto found = std::ranges::find_if(rows, [&](const Row& row) {
    return row.error_code == answer.error_code &&
           answer.description.find(row.said) != std::string::npos;
  });
  return found == rows.end() ? nullptr : found;
}

std::string_view behind_limit(std::string_view description) {
  constexpr std::string_view words = "limit of ";
  const std::size_t at = description.find(words);
  return at == std::string_view::npos ? std::string_view{} : description.substr(at + words.size());
}

}  // namespace

std::string refusal_text(const JetStreamAnswer& answer, std::string_view stream) {
  if (answer.ok()) return "the answer does not say where it is stored";
  std::string told = fmt::format("{} (JetStream error {})", answer.description, answer.error_code);
  const Row* row = row_of(answer);
  if (row == nullptr) return told;
  const bool own = answer.embedded && !row->embedded.empty();
  return fmt::format("{}: {}", told,
                     boost::algorithm::replace_all_copy(
                         std::string{own ? row->embedded : row->means}, "STREAM", stream));
}

bool refused_for_good(const JetStreamAnswer& answer) {
  if (const Row* row = row_of(answer)) return row->lasts == Lasts::until_changed;
  return answer.code < 500 || answer.error_code == jetstream_error::bad_configuration;
}

bool refused_for_size(const JetStreamAnswer& answer) noexcept {
  constexpr std::array codes{jetstream_error::account_resources_exceeded,
                             jetstream_error::store_full, jetstream_error::insufficient_storage,
                             jetstream_error::max_stream_bytes_exceeded};
  return std::ranges::find(codes, answer.error_code) != codes.end();
}

std::optional<std::int64_t> limit_in(std::string_view description) {
  const auto limit = parse_number<std::int64_t>(behind_limit(description));
  return limit.value_or(0) > 0 ? limit : std::nullopt;
}

std::optional<std::chrono::nanoseconds> time_limit_in(std::string_view description) {
  using namespace std::chrono_literals;
  struct Unit {
    std::string_view name;
    double nanoseconds;
  };
  // Longer names first: `m` begins `ms` too.
  constexpr std::array units{Unit{"ms", 1e6}, Unit{"h", 3.6e12}, Unit{"m", 6e10}, Unit{"s", 1e9}};
  std::string_view text = behind_limit(description);
  double total = 0;
  while (!text.empty()) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit =
        std::ranges::find_if(units, [&](const Unit& each) { return text.starts_with(each.name); });
    if (unit == units.end()) return std::nullopt;
    total += value * unit->nanoseconds;
    text.remove_prefix(unit->name.size());
  }
  if (total < 1 || total > 9e18) return std::nullopt;
  return std::chrono::nanoseconds{static_cast<std::int64_t>(total)};
}

}  // namespace hangar
