# sources
kvx_test(ingest_tracker SOURCES ingest_tracker_test.c tracker_script.c PARTS ingest service index base)
# payloads
foreach(suite payloads rules keys tiers memory)
  kvx_test(ingest_decode_${suite} SOURCES ingest_decode_${suite}_test.c ingest_decode_fixture.c
           PARTS ingest index base LIBRARIES msgpackc)
endforeach()
kvx_test(ingest_source SOURCES ingest_source_test.c ingest_source_world.c ingest_source_engine.c
         PARTS ingest service index base LIBRARIES zmq msgpackc)
kvx_test(ingest_source_replay SOURCES ingest_source_replay_test.c ingest_source_world.c ingest_source_engine.c
         PARTS ingest service index base LIBRARIES zmq msgpackc)
