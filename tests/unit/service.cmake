kvx_test(service SOURCES service_test.c service_fixture.c PARTS service index base)
kvx_test(service_memory SOURCES service_memory_test.c service_fixture.c PARTS service index base)
kvx_test(service_partitions SOURCES service_partitions_test.c service_fixture.c PARTS service index base)
kvx_test(service_instances SOURCES service_instances_test.c PARTS service index base)
