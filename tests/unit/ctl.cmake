# kvindexctl without a server: lists of numbers, tables and JSON, the command line, completion scripts, files.
if(TARGET kvindexctl_core)
  foreach(test numbers view cli)
    kvx_test(ctl_${test} SOURCES ctl_${test}_test.c PARTS base LIBRARIES kvindexctl_core)
  endforeach()
endif()
