# What each package has in /usr/share/doc, and that of the program its manual page and completions,
# as the program that was built prints them. CPack runs this for one package.
set(made ${build}/packages.in/${package})
set(share ${CMAKE_INSTALL_PREFIX}/share)
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${made}/changelog "hangar (${version}) stable; urgency=medium

  * Release ${version}.

 -- ${packager}  ${now}
")

# hangar_print(file word...): what the program prints for these words.
function(hangar_print file)
  execute_process(COMMAND ${build}/bin/hangar ${ARGN} OUTPUT_FILE ${made}/${file}
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# hangar_compress(file): with what makes the same file of the same content.
function(hangar_compress file)
  execute_process(COMMAND gzip -9fn ${made}/${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

hangar_compress(changelog)
file(INSTALL ${source}/copyright ${made}/changelog.gz DESTINATION ${share}/doc/${package})
if(EXISTS ${source}/${package}.overrides)
  file(INSTALL ${source}/${package}.overrides DESTINATION ${share}/lintian/overrides
    RENAME ${package})
endif()
if(package STREQUAL "hangar")
  hangar_print(hangar.1 manual)
  hangar_compress(hangar.1)
  file(INSTALL ${made}/hangar.1.gz DESTINATION ${share}/man/man1)
  hangar_print(hangar completion bash)
  file(INSTALL ${made}/hangar DESTINATION ${share}/bash-completion/completions)
  hangar_print(_hangar completion zsh)
  file(INSTALL ${made}/_hangar DESTINATION ${share}/zsh/vendor-completions)
  hangar_print(hangar.fish completion fish)
  file(INSTALL ${made}/hangar.fish DESTINATION ${share}/fish/vendor_completions.d)
endif()
