# Tests of the gRPC engine see the generated tables, and act as clients on the gRPC C core.
kvx_test(rpc_request SOURCES rpc_request_test.c PARTS rpc service index base)
foreach(test rpc_calls rpc_dump rpc_streams rpc_shutdown)
  kvx_test(${test} SOURCES ${test}_test.c rpc_server_fixture.c rpc_client.c service_fixture.c
           PARTS rpc service index base LIBRARIES grpc gpr)
endforeach()
foreach(test rpc_bytes rpc_queries)
  kvx_test(${test} SOURCES ${test}_test.c rpc_bytes_fixture.c service_fixture.c PARTS rpc service index base)
endforeach()
foreach(test rpc_request rpc_bytes rpc_queries rpc_calls rpc_dump rpc_streams rpc_shutdown)
  target_include_directories(test_${test} PRIVATE ${CMAKE_SOURCE_DIR}/gen/rpc)
endforeach()

# The toy schema of the generator's golden test, compiled: it has every kind of limit.
set(toy ${CMAKE_SOURCE_DIR}/tests/golden/proto/expected)
add_library(kvx_toy_proto STATIC ${toy}/toy.pb-c.c ${toy}/shared.pb-c.c)
target_include_directories(kvx_toy_proto SYSTEM PUBLIC ${toy})
target_link_libraries(kvx_toy_proto PUBLIC kvx_proto)
kvx_test(rpc_rules SOURCES rpc_rules_test.c ${toy}/toy_rpc.c ${toy}/toy_files.c PARTS rpc service index base
         LIBRARIES kvx_toy_proto)
