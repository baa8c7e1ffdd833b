kvx_test(index SOURCES index_test.c PARTS index)
kvx_test(index_structures SOURCES index_structures_test.c PARTS index)
kvx_test(index_question SOURCES index_question_test.c PARTS index)
kvx_test(index_memory SOURCES index_memory_test.c PARTS index)
