add_custom_target(regen_openapi
  COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/openapi_generate.py
          ${CMAKE_SOURCE_DIR}/openapi/kvindex.v1.yaml ${CMAKE_SOURCE_DIR}/gen/http
  COMMENT "gen/http from openapi/kvindex.v1.yaml" VERBATIM)
add_dependencies(regen regen_openapi)
