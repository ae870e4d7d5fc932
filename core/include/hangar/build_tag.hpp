#pragma once

#include <boost/config/helper_macros.hpp>
#include <boost/version.hpp>
#include <version>  // Which standard library this is.

#include "hangar/fingerprint.hpp"

/// Changes whenever anything that crosses the boundary changes in meaning.
#define HANGAR_PLUGIN_ABI 2

namespace hangar {

/// What the types that cross the boundary depend on, as words `name=value`: a plugin carries what
/// it was compiled with, and a host loads no plugin whose words differ from its own. Nobody passes
/// them: the compiler knows all but the fingerprint, which the build writes beside these headers.
/// NDEBUG and the level of optimisation are not among them, because no public type depends on them.
// clang-format off
inline constexpr char build_tag[] =
    "abi=" BOOST_STRINGIZE(HANGAR_PLUGIN_ABI)
    " headers=" HANGAR_FINGERPRINT
#if defined(__clang__)
    " compiler=clang-" BOOST_STRINGIZE(__clang_major__)
#else
    " compiler=gcc-" BOOST_STRINGIZE(__GNUC__)
#endif
#if defined(_LIBCPP_VERSION)
    " library=libc++-" BOOST_STRINGIZE(_LIBCPP_VERSION)
#else
    " library=libstdc++-" BOOST_STRINGIZE(_GLIBCXX_RELEASE)
    " string_abi=" BOOST_STRINGIZE(_GLIBCXX_USE_CXX11_ABI)
#endif
#if defined(_GLIBCXX_DEBUG)
    " debug_mode=on"
#else
    " debug_mode=off"
#endif
    " boost=" BOOST_LIB_VERSION
#if defined(BOOST_ASIO_SEPARATE_COMPILATION)
    " asio=separate"
#else
    " asio=header_only"
#endif
#if defined(__SANITIZE_ADDRESS__)  // A sanitizer's library ends a process that began without it.
    " sanitizer=address"
#elif defined(__SANITIZE_THREAD__)
    " sanitizer=thread"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    " sanitizer=address"
#elif __has_feature(thread_sanitizer)
    " sanitizer=thread"
#endif
#endif
    ;
// clang-format on

}  // namespace hangar
