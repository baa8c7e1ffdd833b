/* The look through a request's bytes, before protobuf-c allocates for them.
 *
 * protobuf-c neither checks UTF-8 nor sees a NUL inside a text (it would cut the text short silently), so
 * both are judged here, on the wire. */
#include "request.h"

enum wire { WIRE_VARINT, WIRE_64BIT, WIRE_BYTES, WIRE_START_GROUP, WIRE_END_GROUP, WIRE_32BIT };

struct cursor {
    const uint8_t *at, *end;
};

/* False when the bytes end or the number has more than 64 bits. */
static bool read_varint(struct cursor *c, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && c->at < c->end; shift += 7) {
        uint8_t byte = *c->at++;
        if (shift == 63 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool skip(struct cursor *c, uint64_t n)
{
    if (n > (uint64_t)(c->end - c->at))
        return false;
    c->at += n;
    return true;
}

static enum wire wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    default:
        return WIRE_VARINT;
    }
}

static int malformed(struct kvx_error *e, const ProtobufCMessageDescriptor *m, const char *what)
{
    return kvx_fail(e, KVX_INVALID, "malformed %s message: %s", m->short_name, what);
}

/* A list of numbers as one run of bytes: it must hold whole numbers. */
static bool is_packed_list(enum wire element, struct cursor body)
{
    uint64_t ignored;
    size_t n = (size_t)(body.end - body.at);
    if (element == WIRE_32BIT)
        return n % 4 == 0;
    if (element == WIRE_64BIT)
        return n % 8 == 0;
    while (body.at < body.end)
        if (!read_varint(&body, &ignored))
            return false;
    return true;
}

/* The message can be read although a text in it is bad: only the first such text is told. */
static void scan_text(const ProtobufCFieldDescriptor *f, const struct kvx_rpc_field_rule *rule,
                      struct cursor body, struct kvx_error *e)
{
    struct kvx_bytes text = {(const char *)body.at, (size_t)(body.end - body.at)};
    if (e->code)
        return;
    if (rule->max_bytes && text.len > rule->max_bytes)
        kvx_fail(e, KVX_INVALID, "`%s`: %zu bytes, at most %u are allowed", f->name, text.len,
                 rule->max_bytes);
    else if (f->type == PROTOBUF_C_TYPE_STRING && !kvx_bytes_is_text(text))
        kvx_fail(e, KVX_INVALID, "`%s`: not UTF-8 text, or contains U+0000", f->name);
}

/* The bytes of a known field that came with a length. */
static int scan_body(const struct kvx_rpc_rules *rules, const ProtobufCFieldDescriptor *f, struct cursor body,
                     struct kvx_error *text, struct kvx_error *e)
{
    const struct kvx_rpc_field_rule *rule = &rules->fields[f - rules->message->fields];
    if (f->type == PROTOBUF_C_TYPE_MESSAGE)
        return kvx_rpc_scan(rule->message, body.at, (size_t)(body.end - body.at), text, e);
    if (wire_of(f->type) == WIRE_BYTES) {
        scan_text(f, rule, body, text);
        return KVX_OK;
    }
    if (f->label != PROTOBUF_C_LABEL_REPEATED)
        return kvx_fail(e, KVX_INVALID, "`%s`: not a list, but came as one", f->name);
    if (!is_packed_list(wire_of(f->type), body))
        return kvx_fail(e, KVX_INVALID, "`%s`: the packed list ends inside a number", f->name);
    return KVX_OK;
}

static int scan_field(const struct kvx_rpc_rules *rules, struct cursor *c, struct kvx_error *text,
                      struct kvx_error *e)
{
    uint64_t key, value;
    if (!read_varint(c, &key) || key > UINT32_MAX || key >> 3 == 0)
        return malformed(e, rules->message, "a field number is broken");
    enum wire wire = (enum wire)(key & 7);
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field(rules->message, (unsigned)(key >> 3));
    bool whole = false;
    if (wire == WIRE_VARINT)
        whole = read_varint(c, &value);
    else if (wire == WIRE_64BIT)
        whole = skip(c, 8);
    else if (wire == WIRE_32BIT)
        whole = skip(c, 4);
    else if (wire == WIRE_BYTES) {
        struct cursor body = *c;
        if (read_varint(&body, &value)) {
            *c = body;
            whole = skip(c, value);
            body.end = c->at;
        }
        if (whole && f)
            return scan_body(rules, f, body, text, e);
    } else {
        return malformed(e, rules->message, "a wire type is not known");
    }
    if (!whole)
        return malformed(e, rules->message, "it ends inside a field");
    if (f && wire != wire_of(f->type))
        return kvx_fail(e, KVX_INVALID, "`%s`: came as another type", f->name);
    return KVX_OK;
}

int kvx_rpc_scan(const struct kvx_rpc_rules *rules, const uint8_t *data, size_t len, struct kvx_error *text,
                 struct kvx_error *e)
{
    struct cursor c = {data, len ? data + len : data}; /* no offset from a null pointer */
    int status = KVX_OK;
    /* Recursion ends because no message of a request contains itself; the generator sees to it. */
    while (status == KVX_OK && c.at < c.end)
        status = scan_field(rules, &c, text, e);
    return status;
}
