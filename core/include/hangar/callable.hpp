#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace hangar {

/// A lambda, or anything else that can be called so, but no std::function.
template <class F, class Signature>
concept CalledLike = !std::derived_from<std::remove_cvref_t<F>, std::function<Signature>> &&
                     std::constructible_from<std::function<Signature>, F>;

/// A temporary that has captured more than references, pointers and numbers. g++ before 14 destroys
/// such captures twice when it is an argument within a co_await.
template <class F>
concept DestroyedTwiceByGcc =
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 14
    !std::is_lvalue_reference_v<F> && !std::is_trivially_destructible_v<F>;
#else
    false;
#endif

/// A std::function as a coroutine's parameter. What its lambda captures by reference stays until
/// the call returns. A lambda that g++ would destroy twice does not compile: it captures by
/// reference instead, or gets a name, `auto work = [text] { … }; co_await running(work);`.
template <class Signature>
class Callable : public std::function<Signature> {
 public:
  using Function = std::function<Signature>;
  Callable() = default;
  // As std::function. NOLINTBEGIN(google-explicit-constructor,*-forwarding-reference-overload)
  Callable(Function given) : Function{std::move(given)} {}
  template <CalledLike<Signature> F>
  Callable(F&& lambda) : Function{std::forward<F>(lambda)} {}
  template <CalledLike<Signature> F>
  requires DestroyedTwiceByGcc<F> Callable(F&& lambda)
  = delete;
  // NOLINTEND(google-explicit-constructor,*-forwarding-reference-overload)
};

}  // namespace hangar
