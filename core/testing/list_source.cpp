#include "hangar/testing/list_source.hpp"

#include <optional>
#include <stdexcept>
#include <string_view>

namespace hangar::testing {

struct ListSource::Listed {
  std::uint64_t position = 0;
  std::uint64_t deliveries = 0;
  std::string data;
  std::string subject;
  Headers headers;
};

struct ListSource::State {
  explicit State(const boost::asio::any_io_executor& executor) : changed{executor} {}

  std::deque<std::unique_ptr<Listed>> waiting;
  std::size_t unanswered = 0;  ///< Delivered, without an answer.
  std::uint64_t last = 0;
  bool draining = false;
  bool stopped = false;
  std::vector<std::uint64_t> acked;
  std::vector<std::uint64_t> given_back;
  std::map<std::uint64_t, Rejection> rejected;
  Condition changed;
};

class ListSource::Delivery final : public Message::Delivery {
 public:
  Delivery(std::shared_ptr<State> state, std::unique_ptr<Listed> listed)
      : state_{std::move(state)}, listed_{std::move(listed)} {
    ++state_->unanswered;
  }
  void ack() noexcept override {
    if (!rejected_) state_->acked.push_back(listed_->position);
    answered();
  }
  void nak(std::chrono::milliseconds /*delay*/) noexcept override {
    state_->given_back.push_back(listed_->position);
    state_->waiting.push_back(std::move(listed_));
    answered();
  }
  void drop_data(std::size_t /*kept*/) noexcept override { whole_ = false; }
  [[nodiscard]] std::optional<std::string_view> header(const char* name) const override {
    const auto found = listed_->headers.find(name);
    if (!whole_ || found == listed_->headers.end()) return std::nullopt;
    return found->second;
  }

  void reject(Rejection why) {
    if (!whole_) throw std::logic_error{"a message without its data cannot be rejected"};
    state_->rejected.emplace(listed_->position, std::move(why));
    rejected_ = true;
  }
  [[nodiscard]] Message::Content content() const {
    return {listed_->data, listed_->subject, listed_->position, listed_->deliveries,
            std::chrono::system_clock::now()};
  }
  [[nodiscard]] bool is_of(const State& state) const noexcept { return state_.get() == &state; }

 private:
  void answered() noexcept {
    --state_->unanswered;
    state_->changed.wake_all();
  }

  std::shared_ptr<State> state_;
  std::unique_ptr<Listed> listed_;
  bool whole_ = true;
  bool rejected_ = false;
};

ListSource::ListSource(const boost::asio::any_io_executor& executor)
    : state_{std::make_shared<State>(executor)} {}
ListSource::~ListSource() = default;

std::uint64_t ListSource::add(std::string data, std::string subject, Headers headers) {
  const std::uint64_t position = ++state_->last;
  state_->waiting.push_back(std::make_unique<Listed>(
      Listed{position, 0, std::move(data), std::move(subject), std::move(headers)}));
  state_->changed.wake_all();
  return position;
}

const std::vector<std::uint64_t>& ListSource::acked() const noexcept { return state_->acked; }
const std::vector<std::uint64_t>& ListSource::given_back() const noexcept {
  return state_->given_back;
}
const std::map<std::uint64_t, Rejection>& ListSource::rejected() const noexcept {
  return state_->rejected;
}

void ListSource::drain() {
  state_->draining = true;
  state_->changed.wake_all();
}

void ListSource::stop() {
  state_->stopped = true;
  state_->changed.wake_all();
}

void ListSource::open() noexcept { state_->draining = state_->stopped = false; }

boost::asio::awaitable<Batch> ListSource::next(std::size_t limit,
                                               std::chrono::milliseconds /*linger*/) {
  if (limit == 0) throw std::logic_error{"a batch of no messages"};
  const auto state = state_;
  while (!state->stopped && state->waiting.empty()) {
    if (state->draining && state->unanswered == 0) break;
    co_await state->changed.wait();
  }
  Batch batch;
  while (!state->stopped && !state->waiting.empty() && batch.size() < limit) {
    auto listed = std::move(state->waiting.front());
    state->waiting.pop_front();
    ++listed->deliveries;
    auto delivery = std::make_unique<Delivery>(state, std::move(listed));
    const Message::Content content = delivery->content();
    batch.emplace_back(content, std::move(delivery));
  }
  co_return batch;
}

boost::asio::awaitable<void> ListSource::reject(Message message, Rejection why) {
  auto* const delivery = dynamic_cast<Delivery*>(message.delivery());
  if (delivery == nullptr || !delivery->is_of(*state_)) {
    throw std::logic_error{"a message of another source, or with an answer"};
  }
  delivery->reject(std::move(why));
  message.ack();
  co_return;
}

}  // namespace hangar::testing
