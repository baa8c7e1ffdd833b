kvx_test(base SOURCES base_test.c PARTS base)
kvx_test(options SOURCES options_test.c PARTS base)
kvx_test(block_hash SOURCES block_hash_test.c PARTS base)
