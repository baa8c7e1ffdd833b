# The protoc plugin on toy schemas, and the checked-in output on the real one.
add_test(NAME golden_proto COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/proto/run.py)
add_test(NAME fresh_proto COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/proto/fresh.sh)
set_tests_properties(golden_proto fresh_proto PROPERTIES SKIP_RETURN_CODE 77 LABELS golden)
