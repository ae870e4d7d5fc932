# How tests become ctest tests. A test folder has a CMakeLists.txt that calls one of these.
find_package(GTest REQUIRED)
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
include(GoogleTest)

set(HANGAR_TEST_PREFIX "" CACHE STRING "Begins every test's name, for example asan.")
set(HANGAR_TESTS_FOLDER ${CMAKE_SOURCE_DIR}/tests)

# The current release of nats-server, which is tested beside Debian's.
set(HANGAR_CURRENT_NATS 2.15.2)

set(hangar_test_environment
  PYTHONPATH=${HANGAR_TESTS_FOLDER} PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
  HANGAR_TEST_BUILD=${CMAKE_BINARY_DIR})

add_custom_target(unit_tests)

# hangar_discover_tests(target): every test of a GoogleTest program that needs no server, or starts
# its own. The target unit_tests builds all of them.
function(hangar_discover_tests target)
  add_dependencies(unit_tests ${target})
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${HANGAR_TEST_PREFIX}"
    PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()

# hangar_add_server_test(name target [POSTGRES [PGBOUNCER]] [NATS] [ARGS word...] [TIMEOUT
# seconds]): a program that finds HANGAR_TEST_POSTGRES_URL and HANGAR_TEST_NATS_URL, servers of its
# own.
function(hangar_add_server_test name target)
  cmake_parse_arguments(PARSE_ARGV 2 arg "POSTGRES;PGBOUNCER;NATS" "TIMEOUT" "ARGS")
  set(servers)
  if(arg_POSTGRES)
    list(APPEND servers --postgres)
  endif()
  if(arg_PGBOUNCER)
    list(APPEND servers --pgbouncer)
  endif()
  if(arg_NATS)
    list(APPEND servers --nats)
  endif()
  hangar_register_test(${name} "${arg_TIMEOUT}" "" ""
    ${HANGAR_TESTS_FOLDER}/support/with_servers.py ${servers} -- $<TARGET_FILE:${target}> ${arg_ARGS})
endfunction()

# hangar_add_python_test(name script [ARGS word...] [TIMEOUT seconds] [NATS] [PREFECT] [SANITIZED]):
# the unittest cases of a script, or of ARGS the named ones. NATS: once with each release of the
# server; PREFECT: after the tests' Prefect is installed. A build with a sanitizer runs only those
# that are SANITIZED, and all of them with tests/run --long.
function(hangar_add_python_test name script)
  cmake_parse_arguments(PARSE_ARGV 2 arg "NATS;PREFECT;SANITIZED" "TIMEOUT" "ARGS")
  if(HANGAR_SANITIZE AND NOT arg_SANITIZED AND NOT DEFINED ENV{HANGAR_TEST_LONG})
    return()
  endif()
  set(fixtures)
  if(arg_PREFECT)
    list(APPEND fixtures prefect)
  endif()
  set(command -m support.run_tests ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${arg_ARGS})
  hangar_register_test(${name} "${arg_TIMEOUT}" "${fixtures}" "" ${command})
  if(arg_NATS AND NOT HANGAR_SANITIZE)
    hangar_register_test(${name}.nats_${HANGAR_CURRENT_NATS} "${arg_TIMEOUT}"
      "${fixtures};current_nats" "HANGAR_TEST_NATS_VERSION=${HANGAR_CURRENT_NATS}" ${command})
  endif()
endfunction()

function(hangar_register_test name timeout fixtures environment)
  set(name ${HANGAR_TEST_PREFIX}${name})
  if(NOT timeout)
    set(timeout 600)
  endif()
  add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} ${ARGN})
  # 77: run_tests found that what this test is about is not on this machine, and said so.
  set_tests_properties(${name} PROPERTIES
    ENVIRONMENT "${hangar_test_environment};${environment}"
    FIXTURES_REQUIRED "${fixtures}" TIMEOUT ${timeout} SKIP_RETURN_CODE 77)
endfunction()
