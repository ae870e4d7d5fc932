#pragma once

#include "cli/host_lines.hpp"

namespace hangar::cli {

/// What standard output is at this moment; without bounds where no person sees it.
Terminal standard_output();

/// The other screen of the terminal, without a cursor, as long as this lives. At its end what was
/// seen before is seen again.
class OtherScreen {
 public:
  OtherScreen();
  OtherScreen(const OtherScreen&) = delete;
  OtherScreen& operator=(const OtherScreen&) = delete;
  ~OtherScreen();
};

}  // namespace hangar::cli
