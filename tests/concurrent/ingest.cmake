kvx_test(concurrent_ingest
  SOURCES ingest_test.c ../unit/ingest_source_world.c ../unit/ingest_source_engine.c
  PARTS ingest service index base LABELS concurrent LIBRARIES zmq msgpackc)
target_include_directories(test_concurrent_ingest PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
if(KVX_SANITIZE MATCHES "thread")
  set_tests_properties(concurrent_ingest PROPERTIES
    ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_CURRENT_SOURCE_DIR}/tsan.supp")
endif()
