# PyYAML comes from the distribution, so the distribution's Python runs the generator, whatever else is on PATH.
add_test(NAME golden_openapi COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/openapi/golden_test.py)
add_test(NAME fresh_openapi COMMAND ${CMAKE_SOURCE_DIR}/src/codegen/openapi_fresh.sh)
set_tests_properties(golden_openapi fresh_openapi PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
