/* Which worker holds most of a prompt? Usage: kvindex-c-example [HOST:PORT] */
#include "kvindex/client.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    static const uint32_t prompt[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    struct kvindex_client *client;
    const struct kvindex_result *result;
    struct kvindex_error error;
    if (kvindex_client_new(argc > 1 ? argv[1] : "127.0.0.1:8091", NULL, &client, &error) ||
        kvindex_query_tokens(client, prompt, 16, &result, &error))
        return fprintf(stderr, "%s: %s\n", kvindex_code_name(error.code), error.message), 1;
    for (size_t i = 0; i < result->n; i++)
        printf("worker %s rank %u: %u of %llu blocks\n", result->hits[i].instance_id, result->hits[i].dp_rank,
               result->hits[i].device_blocks, (unsigned long long)result->asked_blocks);
    kvindex_result_free(result);
    kvindex_client_free(client);
    return 0;
}
