#pragma once

#include "hangar/version.hpp"

namespace hangar {

/// The places between pulling a message and acknowledging it at which a test may end the process.
enum class Failpoint {
  start,               ///< Of `hangar run`, before anything is opened.
  pulled,              ///< Messages were handed out, none of them is parsed.
  before_write,        ///< Parsed; the transaction is not begun.
  keys_read,           ///< What the database has of the batch is known, nothing is written.
  before_commit,       ///< All is written, nothing is committed.
  after_commit,        ///< Committed; nobody but the storage's thread knows.
  before_ack,          ///< Of each message whose rows are committed.
  before_dead_letter,  ///< A letter is not sent yet.
  after_dead_letter,   ///< The stream has the letter, its message is not acknowledged.
};

/// Does what the environment variable HANGAR_TEST_FAILPOINTS says of this place, else nothing; in a
/// build without the tests (CMake's HANGAR_FAILPOINTS=OFF) the variable is not even read.
///
/// The variable is a list of `NAME=ACTION[@N]` with commas between; each acts once, at the Nth
/// time (the first without N) that any thread passes the place. Actions: `exit` ends the process as
/// kill -9 does; `error` throws a TransientError that is tried again; `wait:FILE` creates FILE.PID
/// and returns when FILE exists, or throws std::runtime_error after 60 s. Throws
/// ConfigError for anything else in the variable. Thread-safe; blocks only in `wait`,
/// which therefore belongs to the places on a storage thread: before_write to after_commit.
HANGAR_API void failpoint(Failpoint place);

}  // namespace hangar
