#pragma once

#include <string>
#include <string_view>

namespace CLI {  // NOLINT(readability-identifier-naming): the name is CLI11's
class App;
class ParseError;
}  // namespace CLI

namespace hangar {

/// Writes the lines to standard error; each begins with the program's name, for whoever looks for
/// it in a log.
void report(std::string_view message);

/// What was wrong with the words of a command, in one sentence that names the word and what may
/// have been meant, with the help to look at.
std::string usage_message(const CLI::App& program, const CLI::ParseError& error);

/// For CLI::Option::check: a whole number, and one from 1 on; a duration; a time or a
/// duration before now; a form of output.
std::string is_whole(const std::string& text);
std::string is_positive(const std::string& text);
std::string is_duration(const std::string& text);
std::string is_moment(const std::string& text);
std::string is_output(const std::string& text);

}  // namespace hangar
