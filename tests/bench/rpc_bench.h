/* The server side of rpc_bench: a child process, so that its CPU time stands alone. */
#ifndef RPC_BENCH_H
#define RPC_BENCH_H

#include <stdint.h>
#include <sys/types.h>

enum { BENCH_BLOCKS = 512 };

/* Local hash of block i of the one prompt. */
uint64_t bench_hash(uint64_t i);
/* Forks a server with `workers` workers; worker w holds the first BENCH_BLOCKS - w blocks. Returns its port,
 * 0 on failure. Before the first gRPC call of this process. */
uint16_t bench_server_start(unsigned workers, unsigned threads, pid_t *pid);
double bench_cpu_seconds(pid_t pid);

#endif /* RPC_BENCH_H */
