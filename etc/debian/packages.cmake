# The Debian packages, by CPack: the target `package` of a build writes them to its folder packages.
# Rules of installation that are only theirs do nothing in `cmake --install`.
find_package(Boost REQUIRED CONFIG)

set(HANGAR_PACKAGER "The Hangar authors <hangar@packages.invalid>" CACHE STRING
  "Whom Debian packages name as their maintainer")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME hangar)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT ${HANGAR_PACKAGER})
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
# Whatever the umask.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL program sqlite postgres prefect dev)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/lib)

# hangar_package(component name section depends description): the description's first line sums it
# up. A library of Hangar's fits the other packages of its own version alone.
macro(hangar_package component name section depends description)
  string(TOUPPER ${component} key)
  set(CPACK_DEBIAN_${key}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${key}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${key}_PACKAGE_DEPENDS "${depends}")
  set(CPACK_DEBIAN_${key}_DESCRIPTION "${description}")
  install(CODE "
    set(build [[${CMAKE_BINARY_DIR}]])
    set(source [[${CMAKE_CURRENT_LIST_DIR}]])
    set(package ${name})
    set(version ${PROJECT_VERSION})
    set(packager [[${HANGAR_PACKAGER}]])
    include([[${CMAKE_CURRENT_LIST_DIR}/documents.cmake]])" COMPONENT ${component} EXCLUDE_FROM_ALL)
endmacro()

set(own "hangar (= ${PROJECT_VERSION})")
hangar_package(program hangar net adduser "host of services on NATS JetStream
Hangar pulls messages from JetStream, hands them to services that are loaded
as plugins, and makes them durable in a database: a message is acknowledged
only when its rows are.
.
This package has the program, its unit for systemd and the service
event_logger. hangar-sqlite and hangar-postgres store rows, hangar-prefect
has the services that record Prefect's events.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "hangar-sqlite | hangar-postgres")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "hangar-prefect, nats-server")
set(control ${CMAKE_CURRENT_LIST_DIR})
# By itself CPack would look for a version in the name of each plugin, and warn.
set(shlibs ${CMAKE_BINARY_DIR}/packages.in/shlibs)
file(CONFIGURE OUTPUT ${shlibs} CONTENT "libhangar ${PROJECT_VERSION_MAJOR} ${own}\n")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA "${shlibs};${control}/conffiles;\
${control}/postinst;${control}/prerm;${control}/postrm;${control}/triggers")
hangar_package(sqlite hangar-sqlite database "${own}" "rows of Hangar's services in SQLite
The storage plugin of Hangar that keeps the rows of its services in a file of
SQLite, on one machine and without a server.")
hangar_package(postgres hangar-postgres database "${own}" "rows of Hangar's services in PostgreSQL
The storage plugin of Hangar that keeps the rows of its services in a
PostgreSQL database, that of a Prefect server for example.")
hangar_package(prefect hangar-prefect net "${own}" "Hangar's services for events of Prefect
The service task_run_recorder records the task runs of Prefect's flows,
event_persister stores events, and event_gateway takes events from Prefect's
clients into JetStream and sends them to those who subscribe.")
hangar_package(dev hangar-dev libdevel "${own}, libfmt-dev, \
libboost${Boost_VERSION_MAJOR}.${Boost_VERSION_MINOR}-dev" "headers of Hangar, to write plugins with
What services and storages for Hangar are compiled with: the headers, the
package that CMake's find_package takes, and the file that pkg-config takes.
A plugin must be built with the Boost that Hangar was built with.")

# The settings that are installed: rows and state are where the unit and the user hangar have them.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/etc/hangar.yaml)
file(READ ${PROJECT_SOURCE_DIR}/etc/hangar.yaml settings)
string(REPLACE "\n#data_dir: \"\"\n" "\ndata_dir: /var/lib/hangar\n" installed "${settings}")
string(REPLACE "$schema=" "$schema=/usr/share/hangar/" installed "${installed}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/packages.in/hangar.yaml CONTENT "${installed}" @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/packages.in/hangar.yaml DESTINATION /etc/hangar
  COMPONENT program EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_SOURCE_DIR}/etc/hangar.schema.json DESTINATION share/hangar
  COMPONENT program EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_SOURCE_DIR}/etc/systemd/hangar.service DESTINATION lib/systemd/system
  COMPONENT program EXCLUDE_FROM_ALL)
# A link in the tree.
file(REAL_PATH ${PROJECT_SOURCE_DIR}/etc/sample.jsonl sample)
install(FILES ${sample} DESTINATION share/hangar RENAME sample.jsonl
  COMPONENT prefect EXCLUDE_FROM_ALL)
install(FILES ${control}/user.conf DESTINATION lib/systemd/system/hangar.service.d
  COMPONENT program EXCLUDE_FROM_ALL)

include(CPack)
