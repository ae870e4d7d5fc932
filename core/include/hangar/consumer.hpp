#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "hangar/version.hpp"

namespace hangar {

/// How far a consumer is.
struct ConsumerPosition {
  std::uint64_t ack_floor = 0;    ///< Every position of the stream up to this one is settled.
  std::uint64_t pending = 0;      ///< Messages that match its filter and are not delivered yet.
  std::uint64_t ack_pending = 0;  ///< Delivered and not acked.
  std::vector<std::string> filter_subjects{};  ///< None: every subject of the stream.
};

/// A durable consumer that a service declares in `Needs::steers`. Somebody else makes it and reads
/// it. Both calls throw TransientError when nobody answers, when the consumer is not there, and,
/// naming the subject, when this user may not; ConfigError for what a person must change. In a dry
/// run (`hangar verify`) neither asks nor changes anything.
class HANGAR_API Consumer {
 public:
  Consumer() = default;
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  virtual ~Consumer();

  virtual boost::asio::awaitable<ConsumerPosition> info() = 0;
  /// From now on it delivers what matches one of `subjects`; none of them: everything. What passed
  /// while the filter was narrower is not delivered after it was made wider. Its other settings
  /// stay. The vector has a name, for g++ 12 compiles no list in braces there. Throws ConfigError
  /// at a server before 2.10 for several subjects, of which it has one alone, and for a subject
  /// with a wildcard in the place of one without: 2.9.10 takes that literally, counts every message
  /// as delivered and sends none. No subject at all is right there.
  virtual boost::asio::awaitable<void> filter(std::vector<std::string> subjects) = 0;
};

}  // namespace hangar
