# The flags that every target shares: the standard, warnings as errors, hardening (OpenSSF), and the
# sanitizers of the test builds.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(HANGAR_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # With precompiled headers, and shared by checkouts in different folders.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_ctime,include_file_mtime
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_library(hangar_flags INTERFACE)
# What hangar_add_plugin adds to plugins of this project, and to no author's.
set(HANGAR_OWN_FLAGS hangar_flags)
target_compile_options(hangar_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wold-style-cast -Wformat=2 -Werror
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
  $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE$<SEMICOLON>-D_FORTIFY_SOURCE=3>
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  # They warn so of the key of Beast's pings, which is written before it is read. g++ 12 does not.
  target_compile_options(hangar_flags INTERFACE -Wno-maybe-uninitialized)
endif()
if(NOT CMAKE_UNITY_BUILD)
  target_compile_options(hangar_flags INTERFACE -Wshadow)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # Files that are compiled as one are no headers, and hide nothing of each other.
  target_compile_options(hangar_flags INTERFACE -Wshadow=local -Wno-subobject-linkage)
endif()
target_compile_definitions(hangar_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(hangar_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed)

if(HANGAR_SANITIZE)
  add_compile_options(-fsanitize=${HANGAR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HANGAR_SANITIZE})
endif()
if(HANGAR_SANITIZE MATCHES address)
  # They are a third of the compiler's work; what a null pointer does, the address sanitizer shows.
  add_compile_options(-fno-sanitize=null,alignment,vptr)
  target_sources(hangar_flags INTERFACE
    $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:${PROJECT_SOURCE_DIR}/etc/cmake/asan_options.cpp>)
endif()
