# What find_package(hangar) reads, of an installed Hangar and of a build: hangar::sdk, with the flags
# that a plugin must share with its host, and hangar_add_plugin.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(Boost 1.74 CONFIG)
find_dependency(fmt)
include(${CMAKE_CURRENT_LIST_DIR}/hangarTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/HangarFingerprint.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/HangarPlugin.cmake)

# A plugin of other headers than the host's would be refused only when it is loaded.
get_target_property(hangar_include hangar::hangar_headers INTERFACE_INCLUDE_DIRECTORIES)
# In a build the fingerprint is in a folder of its own.
list(GET hangar_include 0 hangar_headers)
list(GET hangar_include -1 hangar_written)
hangar_check_fingerprint(${hangar_headers} ${hangar_written}/hangar/fingerprint.hpp
  hangar_NOT_FOUND_MESSAGE)
if(hangar_NOT_FOUND_MESSAGE)
  set(hangar_FOUND FALSE)
  string(APPEND hangar_NOT_FOUND_MESSAGE ". Build and install Hangar again.")
endif()
