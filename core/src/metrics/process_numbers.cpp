#include "metrics/process_numbers.hpp"

#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace hangar {
namespace {

double open_descriptors() {
  std::error_code failed;
  std::filesystem::directory_iterator entries{"/proc/self/fd", failed};
  double count = 0;
  for (; !failed && entries != std::filesystem::directory_iterator{}; entries.increment(failed)) {
    ++count;
  }
  return count > 0 ? count - 1 : 0;  // One is this very listing.
}

double resident_bytes() {
  double all = 0;
  double resident = 0;
  std::ifstream{"/proc/self/statm"} >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

/// proc(5): starttime is field 22, in ticks since boot; the second field may hold spaces.
double started() {
  std::ifstream boot{"/proc/stat"};
  double booted = 0;
  for (std::string word; boot >> word;) {
    if (word == "btime") {
      boot >> booted;
      break;
    }
  }
  std::string line;
  std::getline(std::ifstream{"/proc/self/stat"}, line);
  std::istringstream fields{line.substr(line.rfind(')') + 1)};
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  return booted + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessNumbers ProcessNumbers::read() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return {
      .cpu_seconds = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9,
      .resident_bytes = hangar::resident_bytes(),
      .open_descriptors = hangar::open_descriptors(),
      .started = hangar::started()};
}

}  // namespace hangar
