#pragma once

#include <string>

namespace hangar {

/// The text without the line ends that it ends with (LF, CR LF, any number), and without a byte
/// order mark before it: what editors, `echo` and templates add to a value. Throws ConfigError,
/// which says where but not what, for any other control character: no setting has one, and
/// libraries cut a value there or send it as it is.
std::string one_line(std::string text);

/// The same for a text of several lines: CR LF becomes LF, line ends at the end become one.
std::string plain_lines(std::string text);

}  // namespace hangar
