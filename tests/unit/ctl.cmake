# kvindexctl without a server: lists of numbers, tables and JSON, the command line, completion scripts, files.
if(TARGET kvindexctl_core)
  foreach(test numbers view cli)
    kvx_test(ctl_${test} SOURCES ctl_${test}_test.c PARTS base LIBRARIES kvindexctl_core)
  endforeach()
endif()

# The manual pages list the same options with the same defaults as the programs do; and the comparison can tell.
set(pages ${CMAKE_SOURCE_DIR}/tools/man)
find_program(GROFF groff)
if(NOT GROFF)
  message(STATUS "SKIPPED: layout of the manual pages: groff is not installed")
endif()
foreach(program kvindexd kvindexctl)
  if(TARGET ${program})
    add_test(NAME man_${program} COMMAND /usr/bin/python3 -B ${pages}/options --check $<TARGET_FILE:${program}>
                                         ${pages}/${program}.1)
  endif()
  if(TARGET ${program} AND GROFF)
    add_test(NAME man_${program}_layout COMMAND ${GROFF} -man -Tutf8 -ww -z ${pages}/${program}.1)
    set_tests_properties(man_${program}_layout PROPERTIES FAIL_REGULAR_EXPRESSION ".")
  endif()
endforeach()
if(TARGET kvindexctl)
  add_test(NAME man_difference COMMAND /usr/bin/python3 -B ${pages}/options --check $<TARGET_FILE:kvindexctl>
                                       ${pages}/kvindexd.1)
  set_tests_properties(man_difference PROPERTIES PASS_REGULAR_EXPRESSION "tools/man/options writes it anew")
endif()
