kvx_fuzz(rpc_request SOURCES fuzz_rpc_request.c PARTS rpc service index base CORPUS corpus/rpc_request)
target_include_directories(fuzz_rpc_request PRIVATE ${CMAKE_SOURCE_DIR}/gen/rpc)
