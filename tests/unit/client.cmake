# The C client library against a real gRPC server. The thread sanitizer cannot judge what passes through gRPC's code
# without instrumentation, as in the tests of the server.
if(TARGET kvindex_client AND NOT KVX_SANITIZE MATCHES "thread")
  foreach(test client client_partitions)
    kvx_test(${test} SOURCES ${test}_test.c client_fixture.c rpc_server_fixture.c rpc_client.c service_fixture.c
             PARTS rpc service index base LIBRARIES kvindex_client grpc gpr)
    target_include_directories(test_${test} PRIVATE ${CMAKE_SOURCE_DIR}/gen/rpc)
  endforeach()
endif()
