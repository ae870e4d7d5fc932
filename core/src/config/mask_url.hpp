#pragma once

#include <string>
#include <string_view>

namespace hangar {

/// The text with every password and token in it replaced by `********`; call it on whatever may
/// hold a URL before it is logged, shown or thrown.
///
/// Masks `scheme://user:password@host`, `scheme://token@host` (as a user without a password looks),
/// `user:password@host`, and `password=`, `sslpassword=`, `token=` and their kind, in the query of
/// a URL as in a keyword DSN. Text that is no well-formed URL loses more rather than less. Masking
/// twice changes nothing.
std::string mask_url(std::string_view text);

/// A setting that is a URL, or meant as one, as it may be shown; call it instead of `mask_url`
/// where the whole text is that setting.
///
/// Only what surely holds no secret is shown: a path, a plain server, `scheme://`, the user, and
/// what follows the last `@`. Nothing is shown from the first `password=` on, and a form that is
/// none of these, such as `nats:/user:password@host`, is `********`.
std::string shown_url(std::string_view url);

}  // namespace hangar
