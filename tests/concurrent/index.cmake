add_executable(index_concurrent index_concurrent.c index_moments.c)
target_link_libraries(index_concurrent PRIVATE kvx_index)
add_test(NAME index_concurrent COMMAND index_concurrent 3 1)
set_tests_properties(index_concurrent PROPERTIES TIMEOUT 300)
