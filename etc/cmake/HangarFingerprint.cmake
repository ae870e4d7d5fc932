# hangar_fingerprint(folder variable): a hash of the names and contents of the public headers in
# <folder>/hangar, without the header that holds it and those of hangar::testing, which no host knows.
# A header that comes, goes or changes configures the project anew.
function(hangar_fingerprint folder variable)
  set(watched CONFIGURE_DEPENDS)
  if(CMAKE_SCRIPT_MODE_FILE)
    set(watched)
  endif()
  file(GLOB_RECURSE headers ${watched} RELATIVE ${folder} ${folder}/hangar/*.hpp)
  list(REMOVE_ITEM headers hangar/fingerprint.hpp)
  list(FILTER headers EXCLUDE REGEX "^hangar/testing/")
  list(SORT headers)
  set(hashes)
  foreach(header IN LISTS headers)
    file(SHA256 ${folder}/${header} hash)
    string(APPEND hashes "${header} ${hash}\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/${header})
  endforeach()
  string(SHA256 hash "${hashes}")
  string(SUBSTRING ${hash} 0 16 hash)
  set(${variable} ${hash} PARENT_SCOPE)
endfunction()

# hangar_write_fingerprint(folder file): writes the header that a plugin gets its fingerprint from.
function(hangar_write_fingerprint folder file)
  hangar_fingerprint(${folder} hash)
  file(CONFIGURE OUTPUT ${file} @ONLY CONTENT "#pragma once

/// A hash of the public headers beside this one, written by the build.
#define HANGAR_FINGERPRINT \"${hash}\"
")
endfunction()

# hangar_check_fingerprint(folder file variable): in what the headers are not those that the file was
# written for, or nothing.
function(hangar_check_fingerprint folder file variable)
  hangar_fingerprint(${folder} hash)
  file(STRINGS ${file} written REGEX HANGAR_FINGERPRINT)
  set(${variable} PARENT_SCOPE)
  if(NOT written MATCHES "\"${hash}\"")
    set(${variable} "The headers in ${folder}/hangar have the fingerprint ${hash}, and ${file} has \
another: they were changed afterwards" PARENT_SCOPE)
  endif()
endfunction()
