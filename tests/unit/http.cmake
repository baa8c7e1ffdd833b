# The server behind the fake service. That is compiled into each test, so that it comes before the real one in link order.
foreach(suite server limits shutdown memory dialects listings media)
  kvx_test(http_${suite} SOURCES http_${suite}_test.c http_fixture.c http_client.c http_fake_service.c PARTS http
           LIBRARIES jansson)
endforeach()

kvx_test(http_router SOURCES http_router_test.c PARTS http)
kvx_test(http_json SOURCES http_json_test.c PARTS http LIBRARIES jansson)
# The same tests without vector instructions, as on other processors.
kvx_test(http_json_portable SOURCES http_json_test.c ${CMAKE_SOURCE_DIR}/src/http/json_bulk.c
         ${CMAKE_SOURCE_DIR}/src/http/json_tokens.c PARTS http LIBRARIES jansson)
target_compile_definitions(test_http_json_portable PRIVATE KVX_JSON_PORTABLE)

foreach(test http_server http_limits http_shutdown http_memory http_dialects http_listings http_media http_router http_json http_json_portable)
  target_include_directories(test_${test} PRIVATE ${CMAKE_SOURCE_DIR}/gen/http)
endforeach()

# Recovery from a peer, over a service of its own; and the reader of dumps alone.
kvx_test(recover SOURCES recover_test.c recover_peer.c PARTS http)
kvx_test(recover_dump SOURCES recover_dump_test.c PARTS http)
