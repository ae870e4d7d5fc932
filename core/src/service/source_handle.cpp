#include "service/source_handle.hpp"

#include <utility>

namespace asio = boost::asio;

namespace hangar {
namespace {

class SharedSource final : public Source {
 public:
  explicit SharedSource(std::shared_ptr<PullSource> source) : source_{std::move(source)} {}
  asio::awaitable<Batch> next(std::size_t limit, std::chrono::milliseconds linger) override {
    return source_->next(limit, linger);
  }
  asio::awaitable<void> reject(Message message, Rejection why) override {
    return source_->reject(std::move(message), std::move(why));
  }
  asio::awaitable<std::optional<std::chrono::sys_time<std::chrono::nanoseconds>>> forced()
      override {
    return source_->forced();
  }

 private:
  std::shared_ptr<PullSource> source_;
};

}  // namespace

SourceHandle source_handle(const std::shared_ptr<PullSource>& source) {
  return {.source = std::make_unique<SharedSource>(source),
          .open = [source] { return source->open(); },
          .stop = source->stopper(),
          .pause = [source](bool paused) { source->pause(paused); },
          .close = [source] { return source->close(); }};
}

}  // namespace hangar
