#include "hangar/together.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <exception>
#include <span>

namespace asio = boost::asio;

namespace hangar {
namespace {

using Coroutine = asio::awaitable<void>;

/// Keeps the first failure: the others throw for being cancelled.
Coroutine part(Coroutine& body, std::exception_ptr& failure) {
  try {
    co_await std::move(body);
  } catch (...) {
    if (!failure) failure = std::current_exception();
    throw;
  }
}

Coroutine parts(std::span<Coroutine> all, std::exception_ptr& failure) {
  using asio::experimental::awaitable_operators::operator&&;
  if (all.size() == 1) {
    co_await part(all.front(), failure);
  } else {
    co_await (part(all.front(), failure) && parts(all.subspan(1), failure));
  }
}

}  // namespace

Coroutine together(std::vector<Coroutine> all) {
  if (all.empty()) co_return;
  std::exception_ptr failure;
  try {
    co_await parts(all, failure);
  } catch (...) {
    if (!failure) throw;
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace hangar
