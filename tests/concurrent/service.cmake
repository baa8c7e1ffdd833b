kvx_test(concurrent_service SOURCES service_test.c PARTS service index base LABELS concurrent)
