# sources
foreach(suite tracker tracker_replay)
  kvx_test(ingest_${suite} SOURCES ingest_${suite}_test.c tracker_script.c PARTS ingest service index base)
endforeach()
# payloads
foreach(suite payloads rules blocks keys tiers scopes pools salts vectors memory)
  kvx_test(ingest_decode_${suite} SOURCES ingest_decode_${suite}_test.c ingest_decode_fixture.c
           PARTS ingest index base LIBRARIES msgpackc)
endforeach()
foreach(suite source source_replay source_limits source_partitions source_hold)
  kvx_test(ingest_${suite} SOURCES ingest_${suite}_test.c ingest_source_world.c ingest_source_engine.c
           PARTS ingest service index base LIBRARIES zmq msgpackc)
  if(KVX_SANITIZE MATCHES "thread")
    set_tests_properties(ingest_${suite} PROPERTIES
      ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/concurrent/tsan.supp")
  endif()
endforeach()
