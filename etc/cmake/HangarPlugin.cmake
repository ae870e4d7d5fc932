# hangar_add_plugin(NAME SOURCES file... [LIBS library...]): a library that the host loads at run time,
# `<NAME>.so` in lib/hangar/plugins. Only `hangar_plugin` is exported. Here and, after
# find_package(hangar) or add_subdirectory, in any other project.
include(GNUInstallDirs)

function(hangar_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${HANGAR_OWN_FLAGS} hangar::sdk ${arg_LIBS})
  # A plugin stays until the process ends: libpq and OpenSSL keep state that they never give back, and
  # a thread or a destructor of theirs may still run after the last use.
  target_link_options(${name} PRIVATE -Wl,--no-undefined -Wl,-z,nodelete)
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/hangar/plugins
    BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH "$ORIGIN/../..")
  install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/hangar/plugins)
endfunction()
