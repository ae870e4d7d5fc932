#include "host/describe.hpp"

namespace hangar {

std::string describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& caught) {
    return caught.what();
  } catch (...) {
    return "it threw something that is no std::exception";
  }
}

}  // namespace hangar
