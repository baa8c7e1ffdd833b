add_executable(index_bench index_bench.c index_literal.c index_workload.c)
target_link_libraries(index_bench PRIVATE kvx_index m)
add_executable(scale_bench scale_bench.c)
target_link_libraries(scale_bench PRIVATE kvx_index)
