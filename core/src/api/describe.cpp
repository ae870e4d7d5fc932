#include "api/describe.hpp"

#include <boost/system/system_error.hpp>

namespace hangar {

std::string describe(const std::exception& error) {
  if (const auto* system = dynamic_cast<const boost::system::system_error*>(&error)) {
    return system->code().message();
  }
  return error.what();
}

std::string describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& caught) {
    return describe(caught);
  } catch (...) {
    return "it threw something that is no std::exception";
  }
}

}  // namespace hangar
