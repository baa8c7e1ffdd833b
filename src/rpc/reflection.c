/* grpc.reflection: the schema's embedded descriptors, by file and by symbol. v1 and v1alpha are one on the
 * wire. */
#include "base/err.h"
#include "env.h"
#include "kvindex_rpc.h"

#include <stdlib.h>

typedef Grpc__Reflection__V1__ServerReflectionRequest request_type;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_type;

static int no_memory(struct kvx_error *e)
{
    return kvx_fail(e, KVX_NOMEM, "out of memory");
}

static int list_services(struct kvx_rpc_env *env, response_type *out, struct kvx_error *e)
{
    const struct kvx_rpc_schema *s = env->schema;
    Grpc__Reflection__V1__ListServiceResponse *list = kvx_arena_alloc(env->arena, sizeof(*list));
    Grpc__Reflection__V1__ServiceResponse *items = kvx_arena_array(env->arena, s->n_services, sizeof(*items));
    if (!list || !items)
        return no_memory(e);
    grpc__reflection__v1__list_service_response__init(list);
    list->service = kvx_arena_array(env->arena, s->n_services, sizeof(list->service[0]));
    if (!list->service)
        return no_memory(e);
    for (size_t i = 0; i < s->n_services; i++) {
        grpc__reflection__v1__service_response__init(&items[i]);
        items[i].name = (char *)s->services[i];
        list->service[list->n_service++] = &items[i];
    }
    out->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
    out->list_services_response = list;
    return KVX_OK;
}

/* A file and all it imports, so that a client needs one question. */
static int send_file(struct kvx_rpc_env *env, const struct kvx_rpc_file *file, response_type *out,
                     struct kvx_error *e)
{
    Grpc__Reflection__V1__FileDescriptorResponse *list = kvx_arena_alloc(env->arena, sizeof(*list));
    if (!list)
        return no_memory(e);
    grpc__reflection__v1__file_descriptor_response__init(list);
    list->file_descriptor_proto =
        kvx_arena_array(env->arena, file->n_with_imports, sizeof(list->file_descriptor_proto[0]));
    if (!list->file_descriptor_proto)
        return no_memory(e);
    for (size_t i = 0; i < file->n_with_imports; i++) {
        const struct kvx_rpc_file *f = &env->schema->files[file->with_imports[i]];
        list->file_descriptor_proto[list->n_file_descriptor_proto++] =
            (ProtobufCBinaryData){f->size, (uint8_t *)f->descriptor}; /* only read, to be packed */
    }
    out->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
    out->file_descriptor_response = list;
    return KVX_OK;
}

static int file_by_name(struct kvx_rpc_env *env, const char *name, response_type *out, struct kvx_error *e)
{
    for (size_t i = 0; i < env->schema->n_files; i++)
        if (strcmp(env->schema->files[i].name, name) == 0)
            return send_file(env, &env->schema->files[i], out, e);
    return kvx_fail(e, KVX_NOT_FOUND, "no such file");
}

static int compare_symbol(const void *name, const void *symbol)
{
    return strcmp(name, ((const struct kvx_rpc_symbol *)symbol)->name);
}

/* Symbols of the table are messages, enums and services; a method, field or enum value is found by what it is
 * in. */
static int file_by_symbol(struct kvx_rpc_env *env, const char *name, response_type *out, struct kvx_error *e)
{
    const struct kvx_rpc_schema *s = env->schema;
    char *text = kvx_arena_text(env->arena, kvx_bytes_of(*name == '.' ? name + 1 : name));
    if (!text)
        return no_memory(e);
    for (int outward = 0; outward < 2; outward++) {
        const struct kvx_rpc_symbol *symbol =
            bsearch(text, s->symbols, s->n_symbols, sizeof(*s->symbols), compare_symbol);
        if (symbol)
            return send_file(env, &s->files[symbol->file], out, e);
        char *dot = strrchr(text, '.');
        if (!dot)
            break;
        *dot = 0;
    }
    return kvx_fail(e, KVX_NOT_FOUND, "no such symbol");
}

int kvx_rpc_server_reflection_server_reflection_info_answer(struct kvx_rpc_env *env, const request_type *in,
                                                            response_type *out, struct kvx_error *e)
{
    out->valid_host = in->host;
    out->original_request = (request_type *)in; /* only read, to be packed */
    switch (in->message_request_case) {
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
        return list_services(env, out, e);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
        return file_by_name(env, in->file_by_filename, out, e);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
        return file_by_symbol(env, in->file_containing_symbol, out, e);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET:
        return kvx_fail(e, KVX_INVALID, "`message_request` is missing");
    default:
        return kvx_fail(e, KVX_UNIMPLEMENTED, "the schema has no extensions");
    }
}

int kvx_rpc_server_reflection_server_reflection_info_refuse(struct kvx_rpc_env *env, const request_type *in,
                                                            const struct kvx_error *e, response_type *out)
{
    Grpc__Reflection__V1__ErrorResponse *error = kvx_arena_alloc(env->arena, sizeof(*error));
    char *text = kvx_arena_text(env->arena, kvx_bytes_of(e->text));
    if (!error || !text)
        return KVX_NOMEM;
    grpc__reflection__v1__error_response__init(error);
    error->error_code = kvx_code_grpc(e->code);
    error->error_message = text;
    out->valid_host = in->host;
    out->original_request = (request_type *)in;
    out->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
    out->error_response = error;
    return KVX_OK;
}
