# The API reference: of toy schemas, and the checked-in one of the real schemas.
add_test(NAME golden_reference COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/reference/run.py)
add_test(NAME fresh_reference COMMAND ${CMAKE_SOURCE_DIR}/src/codegen/reference_fresh.sh)
set_tests_properties(golden_reference fresh_reference PROPERTIES SKIP_RETURN_CODE 77 LABELS golden TIMEOUT 120)
# What the pages name exists.
add_test(NAME pages COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/pages.py)
set_tests_properties(pages PROPERTIES LABELS golden TIMEOUT 60)
