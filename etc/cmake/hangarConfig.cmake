# What find_package(hangar) reads: hangar::hangar, with the flags that a plugin must share with its
# host, and hangar_add_plugin.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(Boost 1.74 CONFIG)
find_dependency(fmt)
include(${CMAKE_CURRENT_LIST_DIR}/hangarTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/HangarFingerprint.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/HangarPlugin.cmake)

# A plugin of other headers than the host's would be refused only when it is loaded.
get_target_property(hangar_include hangar::hangar_headers INTERFACE_INCLUDE_DIRECTORIES)
hangar_check_fingerprint(${hangar_include} ${hangar_include}/hangar/fingerprint.hpp
  hangar_NOT_FOUND_MESSAGE)
if(hangar_NOT_FOUND_MESSAGE)
  set(hangar_FOUND FALSE)
  string(APPEND hangar_NOT_FOUND_MESSAGE ". Install Hangar again.")
endif()
