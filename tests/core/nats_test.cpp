#include "nats_test.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <utility>

#include "jetstream/stream_setup.hpp"

namespace asio = boost::asio;
namespace json = boost::json;

namespace hangar::test {

using namespace std::chrono_literals;

void Lines::write(LogLevel, std::string_view line) noexcept {
  const std::lock_guard lock{mutex_};
  text_.append(line).append("\n");
}

bool Lines::contains(std::string_view text) const {
  const std::lock_guard lock{mutex_};
  return text_.find(text) != std::string::npos;
}

std::string Lines::text() const {
  const std::lock_guard lock{mutex_};
  return text_;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "hangar-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp failed"};
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string server_binary() {
  const char* chosen = std::getenv("HANGAR_TEST_NATS_SERVER");  // NOLINT(concurrency-mt-unsafe)
  return chosen != nullptr ? chosen : "nats-server";
}

NatsTest::NatsTest()
    : server_{{.binary = server_binary(), .folder = folder_.path() / "nats"}, log_} {}

NatsTest::~NatsTest() {
  if (link_) link_->finish();
  if (HasFailure()) std::cerr << log_.text();
}

void NatsTest::run(asio::awaitable<void> body) {
  std::exception_ptr failure;
  bool ended = false;
  asio::co_spawn(io_, std::move(body), [&](std::exception_ptr error) {
    failure = std::move(error);
    ended = true;
    io_.stop();
  });
  io_.restart();
  io_.run_for(60s);
  ASSERT_TRUE(ended) << "not done within a minute";
  if (failure) std::rethrow_exception(failure);
}

NatsConfig NatsTest::config() const {
  NatsConfig nats;
  nats.urls = {server_.url()};
  nats.token = server_.token();
  return nats;
}

PullOptions NatsTest::options() const {
  PullOptions options;
  options.source = {stream_name, subject, durable, 100};
  options.service = "tested";
  return options;
}

std::shared_ptr<PullSource> NatsTest::source(const PullOptions& options, const NatsConfig& nats) {
  return PullSource::start(io_.get_executor(), nats, options, log_);
}

asio::awaitable<std::shared_ptr<Link>> NatsTest::connect() {
  if (!link_) {
    link_ = Link::open(io_.get_executor(), {config(), "test"}, log_, {});
  }
  co_await link_->wait_connected(std::chrono::steady_clock::now() + 20s);
  co_return link_;
}

asio::awaitable<JetStreamAnswer> NatsTest::api(std::string call, json::object request) {
  const auto link = co_await connect();
  co_return co_await call_jetstream(*link, std::move(call), std::move(request));
}

asio::awaitable<void> NatsTest::make_impatient_consumer() {
  const auto link = co_await connect();
  StreamConfig wanted{stream_name, "prefect.tasks.>"};
  co_await ensure_stream(*link, std::move(wanted), WhenAbsent::create);
  json::object config{{"durable_name", durable},   {"ack_policy", "explicit"},
                      {"filter_subject", subject}, {"max_deliver", -1},
                      {"max_ack_pending", 20'000}, {"ack_wait", 2'000'000'000}};
  json::object request{{"stream_name", stream_name}, {"config", std::move(config)}};
  const std::string call = std::string{"CONSUMER.DURABLE.CREATE."} + stream_name + "." + durable;
  const JetStreamAnswer made = co_await call_jetstream(*link, call, std::move(request));
  if (!made.ok()) throw std::runtime_error{made.description};
}

asio::awaitable<void> NatsTest::publish_one(std::string to, std::string body, Headers headers) {
  const auto link = co_await connect();
  const Link::Reply reply =
      co_await link->request(std::move(to), std::move(body), std::move(headers));
  if (reply.fate != Link::Reply::Fate::answered ||
      !parse_jetstream_answer(body_of(*reply.message)).ok()) {
    throw std::runtime_error{"the test cannot publish"};
  }
}

asio::awaitable<void> NatsTest::publish(std::size_t count, std::string body) {
  for (std::size_t i = 0; i < count; ++i) co_await publish_one(subject, body);
}

asio::awaitable<Batch> NatsTest::collect(PullSource& source, std::size_t count) {
  Batch all;
  while (all.size() < count) {
    Batch some = co_await source.next(count - all.size(), std::chrono::milliseconds{50});
    if (some.empty()) throw std::runtime_error{"the source ended"};
    std::ranges::move(some, std::back_inserter(all));
  }
  co_return all;
}

asio::awaitable<ConsumerInfo> NatsTest::consumer() {
  const auto link = co_await connect();
  co_return co_await consumer_info(*link, stream_name, durable);
}

asio::awaitable<StreamInfo> NatsTest::stream(std::string name) {
  const JetStreamAnswer answer = co_await api("STREAM.INFO." + name);
  co_return to_stream_info(answer.body);
}

asio::awaitable<void> NatsTest::until(std::function<asio::awaitable<bool>()> condition) {
  const auto deadline = std::chrono::steady_clock::now() + 40s;
  asio::steady_timer timer{io_};
  while (!co_await condition()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{"it never came true"};
    timer.expires_after(20ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<void> NatsTest::until_ack_pending(std::uint64_t count) {
  co_await until([this, count]() -> asio::awaitable<bool> {
    const ConsumerInfo info = co_await consumer();
    co_return info.ack_pending == count;
  });
}

}  // namespace hangar::test
