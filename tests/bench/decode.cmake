add_executable(decode_bench decode_bench.c)
target_link_libraries(decode_bench PRIVATE kvx_ingest kvx_index kvx_base msgpackc)
target_include_directories(decode_bench PRIVATE ${CMAKE_SOURCE_DIR}/src/ingest)
