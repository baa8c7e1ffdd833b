# Tests of the gRPC engine see the generated tables, and act as clients on the gRPC C core.
kvx_test(rpc_request SOURCES rpc_request_test.c PARTS rpc service index base)
foreach(test rpc_calls rpc_streams rpc_shutdown)
  kvx_test(${test} SOURCES ${test}_test.c rpc_server_fixture.c rpc_client.c service_fixture.c
           PARTS rpc service index base LIBRARIES grpc gpr)
endforeach()
foreach(test rpc_request rpc_calls rpc_streams rpc_shutdown)
  target_include_directories(test_${test} PRIVATE ${CMAKE_SOURCE_DIR}/gen/rpc)
endforeach()
