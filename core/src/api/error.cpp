#include "hangar/error.hpp"

#include <utility>

namespace hangar {

Error::~Error() = default;
ConfigError::~ConfigError() = default;
TransientError::~TransientError() = default;
DataError::~DataError() = default;

TransientError::TransientError(const std::string& what, Retry retry, std::string sqlstate)
    : Error{what}, retry_{retry}, sqlstate_{std::move(sqlstate)} {}

DataError::DataError(std::string reason, const std::string& what, std::string pointer,
                     std::string sqlstate, std::string constraint)
    : Error{what},
      reason_{std::move(reason)},
      pointer_{std::move(pointer)},
      sqlstate_{std::move(sqlstate)},
      constraint_{std::move(constraint)} {}

}  // namespace hangar
