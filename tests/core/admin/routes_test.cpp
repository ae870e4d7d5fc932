#include "admin/routes.hpp"

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <boost/json.hpp>
#include <chrono>
#include <string>

#include "metrics/service_metrics.hpp"
#include "nats/jetstream_health.hpp"

namespace json = boost::json;

namespace hangar {
namespace {

Snapshot healthy() {
  Snapshot seen;
  seen.storage.type = "sqlite";
  auto& service = seen.services.emplace_back();
  service.name = "recorder";
  service.version = "1.0.0";
  service.state = ServiceState::running;
  auto& source = service.sources.emplace_back();
  source.name = "main";
  source.title = "recorder";
  source.consumer = "durable";
  source.connected = 1;
  return seen;
}

HttpReply reply_to(std::string_view target, const Snapshot& seen) {
  const prometheus::Registry none;
  return admin_reply("GET", target, seen, none, History{});
}

bool has_line(const std::string& text, const std::string& line) {
  return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

TEST(Routes, paths_are_exact_and_a_query_is_none_of_the_path) {
  const auto seen = healthy();
  for (const char* target :
       {"/", "/livez", "/readyz", "/metrics", "/status", "/history", "/livez?x=1", "/?x"}) {
    EXPECT_EQ(reply_to(target, seen).status, 200U) << target;
  }
  for (const char* target :
       {"", "//", "/index.html", "/livez/", "/LIVEZ", "*", "livez", "//livez", "/metrics/..",
        "/%6civez", "/..%2flivez", "/..%2f..%2f..%2fetc%2fpasswd", "/../../etc/passwd"}) {
    EXPECT_EQ(reply_to(target, seen).status, 404U) << target;
  }
}

TEST(Routes, head_is_a_get_and_any_other_method_is_not_allowed) {
  const prometheus::Registry none;
  EXPECT_EQ(admin_reply("HEAD", "/livez", healthy(), none, History{}).status, 200U);
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "NONSENSE", "get", ""}) {
    const auto refused = admin_reply(method, "/livez", healthy(), none, History{});
    EXPECT_EQ(refused.status, 405U) << method;
    EXPECT_EQ(refused.allow, "GET, HEAD") << method;
  }
}

TEST(Routes, the_page_may_run_what_is_in_it_and_ask_this_server_alone) {
  const auto reply = reply_to("/", healthy());
  EXPECT_EQ(reply.type, "text/html; charset=utf-8");
  ASSERT_EQ(reply.headers.size(), 1U);
  EXPECT_EQ(reply.headers.at(0).first, "Content-Security-Policy");
  const std::string& policy = reply.headers.at(0).second;
  for (const char* part : {"default-src 'none';", "connect-src 'self';", "style-src 'sha256-",
                           "script-src 'sha256-", "base-uri 'none';", "frame-ancestors 'none'"}) {
    EXPECT_NE(policy.find(part), std::string::npos) << part << " in " << policy;
  }
  EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
}

TEST(Routes, the_page_is_one_file_and_makes_no_html_of_what_it_reads) {
  const std::string page = reply_to("/", healthy()).body;
  for (const char* part : {"src=", "url(", "@import", "innerHTML", "outerHTML", "insertAdjacent",
                           "document.write", "eval(", "style=", "DOMParser"}) {
    EXPECT_EQ(page.find(part), std::string::npos) << part;
  }
  for (const char* element : {"<style>", "<script>"}) {
    EXPECT_NE(page.find(element), std::string::npos) << element;
    EXPECT_EQ(page.find(element), page.rfind(element)) << element;
  }
}

TEST(Routes, liveness_looks_at_the_loop_alone) {
  auto seen = healthy();
  seen.storage.down = true;
  seen.draining = true;
  seen.services.at(0).state = ServiceState::failed;
  seen.services.at(0).sources.at(0).connected = 0;
  EXPECT_EQ(reply_to("/livez", seen).status, 200U);
  seen = healthy();
  seen.stuck_for = std::chrono::seconds{11};
  EXPECT_EQ(reply_to("/livez", seen).status, 503U);
  EXPECT_EQ(reply_to("/readyz", seen).status, 503U);
}

TEST(Routes, verbose_readiness_names_every_check_in_a_line) {
  auto seen = healthy();
  EXPECT_EQ(reply_to("/readyz", seen).body, "ok\n");
  EXPECT_TRUE(has_line(reply_to("/readyz?a&verbose", seen).body, "[+]nats ok"));
  EXPECT_EQ(reply_to("/readyz?verbosely", seen).body, "ok\n");
  seen.storage.down = true;
  seen.storage.last_error = "no\nanswer";
  const auto reply = reply_to("/readyz?verbose", seen);
  EXPECT_EQ(reply.status, 503U);
  EXPECT_TRUE(has_line(reply.body, "[-]storage failed: no answer")) << reply.body;
  EXPECT_TRUE(has_line(reply.body, "[+]recorder ok"));
  EXPECT_EQ(reply_to("/readyz", seen).body, reply.body);
  seen.storage.last_error.clear();
  EXPECT_TRUE(has_line(reply_to("/readyz", seen).body, "[-]storage failed: it does not answer"));
}

TEST(Routes, a_host_whose_services_go_on_without_the_storage_is_ready_and_says_what_is_away) {
  auto seen = healthy();
  seen.storage.down = true;
  seen.storage.last_error = "no\nanswer";
  seen.services.at(0).goes_on_without_storage = true;
  EXPECT_EQ(reply_to("/readyz", seen).status, 200U);
  const auto body = reply_to("/readyz?verbose", seen).body;
  EXPECT_TRUE(has_line(body, "[~]storage is away: no answer")) << body;
  EXPECT_TRUE(has_line(body, "readyz check passed")) << body;
  seen.services.emplace_back(healthy().services.at(0));
  EXPECT_EQ(reply_to("/readyz", seen).status, 503U);
}

TEST(Routes, a_scraper_sees_readiness_too) {
  auto seen = healthy();
  EXPECT_TRUE(has_line(reply_to("/metrics", seen).body, "hangar_ready 1"));
  seen.draining = true;
  EXPECT_TRUE(has_line(reply_to("/metrics", seen).body, "hangar_ready 0"));
}

TEST(Routes, readiness_needs_every_service_to_run) {
  for (const auto state : {ServiceState::stopped, ServiceState::starting, ServiceState::stopping,
                           ServiceState::failed}) {
    auto seen = healthy();
    seen.services.push_back(seen.services.at(0));
    seen.services.at(1).name = "other";
    seen.services.at(1).state = state;
    EXPECT_EQ(reply_to("/readyz", seen).status, 503U) << to_string(state);
  }
}

TEST(Routes, readiness_says_why_there_is_no_connection_or_no_consumer) {
  auto seen = healthy();
  seen.services.at(0).sources.at(0).obstacle = "NATS at nats://a:4222: Authorization Violation";
  EXPECT_EQ(reply_to("/readyz", seen).status, 200U) << "it was overcome";
  seen.services.at(0).sources.at(0).connected = 0;
  seen.services.at(0).state = ServiceState::starting;
  const std::string body = reply_to("/readyz", seen).body;
  EXPECT_TRUE(has_line(body,
                       "[-]nats failed: recorder is not connected: NATS at nats://a:4222: "
                       "Authorization Violation"))
      << body;
  EXPECT_TRUE(has_line(body, "[-]recorder failed: starting")) << body;
  seen.services.at(0).sources.at(0).connected = 1;
  seen.services.at(0).sources.at(0).obstacle = "stream S: no room";
  const std::string starting = reply_to("/readyz", seen).body;
  EXPECT_TRUE(has_line(starting, "[-]recorder failed: starting: stream S: no room")) << starting;
}

TEST(Routes, every_series_is_there_as_zero_before_anything_happened) {
  auto seen = healthy();
  seen.services.at(0).state = ServiceState::stopped;
  seen.services.at(0).sources.at(0).connected = 0;
  seen.services.at(0).connections.push_back({.name = "publisher", .title = {}, .obstacle = {}});
  const auto reply = reply_to("/metrics", seen);
  EXPECT_EQ(reply.type, "text/plain; version=0.0.4; charset=utf-8");
  const std::string of = "{service=\"recorder\",consumer=\"durable\"} 0";
  for (const char* name : {"hangar_messages_received_total", "hangar_messages_acked_total",
                           "hangar_messages_nacked_total", "hangar_messages_terminated_total",
                           "hangar_messages_abandoned_total", "hangar_messages_held",
                           "hangar_messages_held_bytes", "hangar_messages_redelivered_total"}) {
    EXPECT_TRUE(has_line(reply.body, name + of)) << name << '\n' << reply.body;
  }
  for (const char* line :
       {"hangar_service_up{service=\"recorder\"} 0",
        "hangar_service_state{service=\"recorder\",state=\"failed\"} 0",
        "hangar_service_state{service=\"recorder\",state=\"stopped\"} 1",
        "hangar_nats_connected{connection=\"recorder\"} 0",
        "hangar_nats_connected{connection=\"recorder.publisher\"} 0",
        "hangar_nats_reconnects_total{connection=\"recorder\"} 0",
        "hangar_storage_errors_total{storage=\"sqlite\",op=\"prepare\",kind=\"reconnect\"} 0",
        "hangar_storage_errors_total{storage=\"sqlite\",op=\"transact\",kind=\"data\"} 0",
        "hangar_storage_operation_seconds_count{storage=\"sqlite\",op=\"transact\"} 0",
        "# TYPE hangar_messages_received_total counter",
        "# TYPE process_resident_memory_bytes gauge"}) {
    EXPECT_TRUE(has_line(reply.body, line)) << line << '\n' << reply.body;
  }
}

TEST(Routes, whom_jetstream_does_not_serve_is_not_ready) {
  using enum JetStreamHealth::Trouble;
  for (const auto trouble : {unanswered, unavailable, no_responders, denied}) {
    auto seen = healthy();
    seen.services.at(0).sources.at(0).trouble = static_cast<std::uint64_t>(trouble);
    const auto reply = reply_to("/readyz", seen);
    EXPECT_EQ(reply.status, 503U);
    EXPECT_NE(reply.body.find(describe(trouble)), std::string::npos) << reply.body;
  }
}

TEST(Routes, who_may_not_ack_is_not_ready) {
  auto seen = healthy();
  seen.services.at(0).sources.at(0).acks_denied = 1;
  const auto reply = reply_to("/readyz", seen);
  EXPECT_EQ(reply.status, 503U);
  EXPECT_NE(reply.body.find("may not publish to $JS.ACK."), std::string::npos) << reply.body;
}

TEST(Routes, who_may_not_ask_for_messages_is_not_ready) {
  auto seen = healthy();
  seen.services.at(0).sources.at(0).pulls_denied = 1;
  const auto reply = reply_to("/readyz", seen);
  EXPECT_EQ(reply.status, 503U);
  EXPECT_NE(reply.body.find("may not publish to CONSUMER.MSG.NEXT."), std::string::npos);
}

TEST(Routes, whose_dead_letters_find_no_room_is_not_ready) {
  auto seen = healthy();
  auto& source = seen.services.at(0).sources.at(0);
  source.letters = 3;
  source.stored_letters = 2;
  source.stored_letter_bytes = 900;
  source.most_letter_bytes = 1000;
  EXPECT_EQ(reply_to("/readyz", seen).status, 200U) << "a letter that waits stops nothing";
  const auto text = reply_to("/metrics", seen).body;
  const std::string of = "{service=\"recorder\",consumer=\"durable\"} ";
  EXPECT_TRUE(has_line(text, "hangar_dlq_waiting_messages" + of + "3")) << text;
  EXPECT_TRUE(has_line(text, "hangar_dlq_messages" + of + "2")) << text;
  EXPECT_TRUE(has_line(text, "hangar_dlq_bytes" + of + "900")) << text;
  EXPECT_TRUE(has_line(text, "hangar_dlq_max_bytes" + of + "1000")) << text;
}

TEST(Routes, whose_dead_letters_are_not_stored_is_not_ready_for_the_reason_that_holds) {
  for (const char* why : {"may not publish to hangar.dlq.recorder", "set nats.replicas: 1",
                          "free some where data_dir is", "set nats.dlq_max_bytes"}) {
    auto seen = healthy();
    auto& source = seen.services.at(0).sources.at(0);
    source.letters = 3;
    source.letters_obstacle = why;
    EXPECT_EQ(reply_to("/readyz", seen).status, 200U);
    for (auto* kind : {&source.letters_stuck, &source.letters_refused}) {
      *kind = 1;
      const auto reply = reply_to("/readyz", seen);
      *kind = 0;
      EXPECT_EQ(reply.status, 503U);
      EXPECT_NE(reply.body.find(why), std::string::npos) << reply.body;
      const bool of_size = std::string_view{why}.find("dlq_max_bytes") != std::string_view::npos;
      EXPECT_EQ(reply.body.find("dlq_max_bytes") != std::string::npos, of_size) << reply.body;
    }
  }
}

TEST(Routes, lag_and_losses_of_a_consumer_are_shown) {
  auto seen = healthy();
  auto& source = seen.services.at(0).sources.at(0);
  source.stream = "events";
  source.pending = 5;
  source.ack_pending = 4;
  source.waiting_pulls = 3;
  source.lag_seconds = 2;
  source.upstream_lost = 1;
  const auto text = reply_to("/metrics", seen).body;
  const std::string of = "{stream=\"events\",consumer=\"durable\"} ";
  EXPECT_TRUE(has_line(text, "hangar_consumer_pending_messages" + of + "5")) << text;
  EXPECT_TRUE(has_line(text, "hangar_consumer_ack_pending_messages" + of + "4")) << text;
  EXPECT_TRUE(has_line(text, "hangar_consumer_waiting_pulls" + of + "3")) << text;
  EXPECT_TRUE(has_line(text, "hangar_consumer_lag_seconds" + of + "2")) << text;
  EXPECT_TRUE(has_line(text, "hangar_upstream_lost_total" + of + "1")) << text;
  EXPECT_TRUE(has_line(text, "hangar_stream_expired_unacked_messages" + of + "0")) << text;
}

TEST(Routes, what_a_service_counts_is_shown_from_the_start_and_goes_on_in_its_next_run) {
  const auto registry = std::make_shared<prometheus::Registry>();
  ServiceMetrics metrics{registry, "recorder"};
  metrics.counter("rows_total", "Rows", {{"table", "one"}});
  const auto text = [&] {
    return admin_reply("GET", "/metrics", healthy(), *registry, History{}).body;
  };
  EXPECT_TRUE(has_line(text(), "rows_total{service=\"recorder\",table=\"one\"} 0")) << text();
  for (int run = 0; run < 2; ++run) {
    metrics.counter("rows_total", "Rows", {{"table", "one"}})(3);
    metrics.histogram("took_seconds", "Time", {0.5, 1})(0.7);
  }
  EXPECT_TRUE(has_line(text(), "rows_total{service=\"recorder\",table=\"one\"} 6")) << text();
  EXPECT_TRUE(has_line(text(), "took_seconds_bucket{service=\"recorder\",le=\"1\"} 2")) << text();
  EXPECT_THROW(metrics.counter("no name", "?", {}), std::invalid_argument);
}

TEST(Routes, buckets_are_cumulative_up_to_the_count) {
  auto seen = healthy();
  auto& operations = seen.storage.operations.at(1);
  operations.took.at(0) = 2;
  operations.took.back() = 1;
  operations.seconds = 12.5;
  const auto text = reply_to("/metrics", seen).body;
  const std::string name = "hangar_storage_operation_seconds";
  const std::string labels = "{storage=\"sqlite\",op=\"transact\"";
  EXPECT_TRUE(has_line(text, name + "_bucket" + labels + ",le=\"0.001\"} 2")) << text;
  EXPECT_TRUE(has_line(text, name + "_bucket" + labels + ",le=\"10\"} 2")) << text;
  EXPECT_TRUE(has_line(text, name + "_bucket" + labels + ",le=\"+Inf\"} 3")) << text;
  EXPECT_TRUE(has_line(text, name + "_count" + labels + "} 3")) << text;
  EXPECT_TRUE(has_line(text, name + "_sum" + labels + "} 12.5")) << text;
}

TEST(Routes, status_is_json_with_state_since_and_last_error) {
  auto seen = healthy();
  auto& service = seen.services.at(0);
  service.state = ServiceState::failed;
  service.since = Snapshot::Time{std::chrono::seconds{1'000'000'000}};
  service.last_error = "it \"broke\"";
  service.sources.at(0).received = 3;
  service.connections.push_back({.name = "leases", .title = "its leases", .obstacle = "no room"});
  service.listeners["http"] = "127.0.0.1:4711";
  const auto reply = reply_to("/status", seen);
  EXPECT_EQ(reply.type, "application/json");
  const auto status = json::parse(reply.body);
  const auto& shown = status.at("services").at("recorder");
  EXPECT_EQ(shown.at("state"), "failed");
  EXPECT_EQ(shown.at("since"), "2001-09-09T01:46:40Z");
  EXPECT_EQ(shown.at("last_error"), "it \"broke\"");
  EXPECT_EQ(shown.at("sources").at("main").at("counters").at("received"), 3);
  EXPECT_EQ(shown.at("connections").at("leases").at("connected"), false);
  EXPECT_EQ(shown.at("connections").at("leases").at("obstacle"), "no room");
  EXPECT_EQ(status.at("nats").at("connected"), false);
  EXPECT_EQ(shown.at("listeners").at("http").at("address"), "127.0.0.1:4711");
  EXPECT_EQ(status.at("ready"), false);
  EXPECT_TRUE(status.at("storage").at("last_error").is_null());
}

}  // namespace
}  // namespace hangar
