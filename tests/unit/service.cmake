kvx_test(service SOURCES service_test.c service_fixture.c PARTS service index base)
kvx_test(service_memory SOURCES service_memory_test.c service_fixture.c PARTS service index base)
