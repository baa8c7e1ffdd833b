# The fake service is compiled into each test that needs it, so that it comes before the real one in link order.
function(kvx_http_test name)
  kvx_test(${name} SOURCES ${name}_test.c http_client.c http_fake_service.c PARTS http LIBRARIES jansson)
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/gen/http)
endfunction()

kvx_http_test(http_server)
kvx_http_test(http_limits)
kvx_http_test(http_json)
kvx_http_test(http_router)

# The same tests without vector instructions, as on other processors.
kvx_test(http_json_portable SOURCES http_json_test.c ${CMAKE_SOURCE_DIR}/src/http/json_bulk.c PARTS http LIBRARIES jansson)
target_compile_definitions(test_http_json_portable PRIVATE KVX_JSON_PORTABLE)
target_include_directories(test_http_json_portable PRIVATE ${CMAKE_SOURCE_DIR}/gen/http)
