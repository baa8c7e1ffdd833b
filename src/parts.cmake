# How a part of kvindex is built: one static library per folder, warnings and sanitizers for all alike.
#
# Public headers live in src/PART/include/PART/. A part sees its own folder and the include folders of the parts it
# names, so that an include against the direction of dependencies does not compile.

add_library(kvx_flags INTERFACE)
target_compile_definitions(kvx_flags INTERFACE _GNU_SOURCE)
target_compile_options(kvx_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
                                           -Wvla -fno-common)
if(KVX_WERROR)
  target_compile_options(kvx_flags INTERFACE -Werror)
endif()
if(KVX_NATIVE)
  target_compile_options(kvx_flags INTERFACE -march=native)
endif()
if(KVX_SANITIZE)
  target_compile_options(kvx_flags INTERFACE -fsanitize=${KVX_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(kvx_flags INTERFACE -fsanitize=${KVX_SANITIZE})
  if(KVX_SANITIZE MATCHES "undefined")
    target_compile_options(kvx_flags INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()
if(KVX_FUZZ)
  target_compile_options(kvx_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
find_package(Threads REQUIRED)

# kvx_part(NAME SOURCES a.c b.c DEPENDS base index LIBRARIES zmq)
function(kvx_part name)
  cmake_parse_arguments(PART "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(kvx_${name} STATIC ${PART_SOURCES})
  target_include_directories(kvx_${name} PUBLIC include PRIVATE .)
  target_link_libraries(kvx_${name} PUBLIC kvx_flags Threads::Threads)
  foreach(dependency ${PART_DEPENDS})
    target_link_libraries(kvx_${name} PUBLIC kvx_${dependency})
  endforeach()
  target_link_libraries(kvx_${name} PRIVATE ${PART_LIBRARIES})
endfunction()
