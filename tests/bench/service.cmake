add_executable(http_load http_load.c http_load_connection.c)
target_link_libraries(http_load PRIVATE kvx_base)
add_executable(empty_http empty_http.c)
target_link_libraries(empty_http PRIVATE microhttpd)
