add_executable(rpc_bench rpc_bench.c rpc_bench_server.c)
target_link_libraries(rpc_bench PRIVATE kvx_rpc kvx_service kvx_index kvx_base grpc gpr)
