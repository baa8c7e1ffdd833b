# The C client library against a real gRPC server. The thread sanitizer cannot judge what passes through gRPC's code
# without instrumentation, as in the tests of the server.
if(TARGET kvindex_client AND NOT KVX_SANITIZE MATCHES "thread")
  kvx_test(client SOURCES client_test.c rpc_server_fixture.c rpc_client.c service_fixture.c
           PARTS rpc service index base LIBRARIES kvindex_client grpc gpr)
  target_include_directories(test_client PRIVATE ${CMAKE_SOURCE_DIR}/gen/rpc)
endif()
