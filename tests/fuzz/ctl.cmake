if(TARGET kvindexctl_core)
  kvx_fuzz(numbers SOURCES fuzz_numbers.c LIBRARIES kvindexctl_core CORPUS corpus/numbers)
endif()
