"""Prints the model as C: structs, descriptors, routes, limits and the embedded document."""

import json
import re

from openapi_schema import snake

SCALARS = {
    "u32": "uint32_t",
    "u64": "uint64_t",
    "wide": "uint64_t",
    "text": "struct kvx_bytes",
    "id": "struct kvx_json_id",
    "bool": "bool",
}
U32_MAX, U64_MAX = 2**32 - 1, 2**64 - 1
WIDTH = 110


def upper(name):
    return re.sub(r"[^A-Z0-9]", "_", snake(name).upper())


def c_string(text):
    return json.dumps(text, ensure_ascii=True)


def comment(text, indent=""):
    """A C comment, wrapped."""
    words, lines, line = " ".join(text.split()).replace("*/", "* /").split(" "), [], indent + "/*"
    for word in words:
        if len(line) + 1 + len(word) > WIDTH - 3:
            lines.append(line)
            line = indent + "  "
        line += " " + word
    return "\n".join(lines + [line + " */\n"])


def number(value):
    return f"{value}u" if value <= U32_MAX else f"UINT64_C({value})"


class Emitter:
    def __init__(self, model):
        self.model = model
        self.banner = f"/* Generated from {model.doc.name} by openapi_generate.py. Do not edit. */\n"
        self.types = []  # every type that an operation reaches, parts before wholes
        for op in model.operations:
            for root in (op.request, op.answer):
                self.reach(root)
        self.reach(model.error)

    def reach(self, t):
        if t is None or t in self.types:
            return
        for part in [t.item] + [f.type for f in t.fields] + (t.choices if t.kind == "variant" else []):
            self.reach(part)
        self.types.append(t)

    # ---- C names ----

    def c_type(self, t):
        if t.kind in SCALARS:
            return SCALARS[t.kind]
        return ("enum " if t.kind == "enum" else "struct ") + "kvx_http_" + snake(t.name)

    def table(self, t):
        return "kvx_http_type_" + snake(t.name)

    def member(self, f):
        return (
            (f"    bool has_{snake(f.name)};\n" if self.has_flag(f) else "")
            + f"    {self.c_type(f.type)} {snake(f.name)};\n"
            if f.type.kind != "null"
            else ""
        )

    def has_flag(self, f):
        """Whether there is a flag that says whether the field was there."""
        matters = f.default is None or f.roles
        return f.type.kind != "null" and (f.type.nullable or (not f.required and matters))

    # ---- openapi_types.h ----

    def types_h(self):
        out = [self.banner, "/* The C shapes of requests and answers. */\n"]
        out.append("#ifndef OPENAPI_TYPES_H\n#define OPENAPI_TYPES_H\n\n")
        out.append('#include "json_type.h"\n\n')
        for t in self.types:
            out.append(self.declaration(t))
        out.append("/* What decoder and writer need to know of each shape. */\n")
        for t in self.types:
            out.append(f"extern const struct kvx_json_type {self.table(t)};\n")
        out.append("\n#endif /* OPENAPI_TYPES_H */\n")
        return "".join(out)

    def declaration(self, t):
        head = comment(t.description)
        c = self.c_type(t)
        if t.kind == "enum":
            names = "".join(f"    {self.enumerator(t, v)},\n" for v in t.choices)
            return f"{head}{c} {{\n{names}    {self.enumerator(t, 'COUNT')}\n}};\n\n"
        if t.kind in ("array", "bulk"):
            return f"{head}{c} {{\n    const {self.c_type(t.item)} *items;\n    size_t n;\n}};\n\n"
        if t.kind == "map":
            entry = f"{c}_entry"
            return (
                f"{head}{entry} {{\n    struct kvx_bytes key;\n    {self.c_type(t.item)} value;\n}};\n"
                f"{c} {{\n    const {entry} *items;\n    size_t n;\n}};\n\n"
            )
        if t.kind == "object":
            body = "".join(
                (comment(f.description, "    ") if f.type.kind != "null" else "") + self.member(f) for f in t.fields
            )
            return f"{head}{c} {{\n{body}}};\n\n"
        if t.kind == "variant":
            names = "".join(f"        {self.enumerator(t, x.name)},\n" for x in t.choices)
            members = "".join(f"        {self.c_type(x)} {snake(x.name)};\n" for x in t.choices)
            return (
                f"{head}{c} {{\n    enum {{\n{names}    }} which;\n    union {{\n{members}    }} value;\n}};\n\n"
            )
        return ""

    def enumerator(self, t, value):
        return f"KVX_HTTP_{upper(t.name)}_{upper(value)}"

    # ---- openapi_types.c ----

    def types_c(self):
        out = [self.banner, '#include "openapi_types.h"\n\n']
        for t in self.types:
            out.append(self.definition(t))
        return "".join(out).rstrip("\n") + "\n"

    def definition(self, t):
        lines, before = [f".kind = KVX_JSON_{t.kind.upper()}"], ""
        if t.kind not in ("null", "raw"):
            lines.append(f".size = sizeof({self.c_type(t)})")
        lines.append(f".min = {number(t.min)}")
        lines.append(f".max = {number(t.max)}")
        if t.kind == "id":
            lines += [f".text_min = {number(t.text_min)}", f".text_max = {number(t.text_max)}"]
        if t.item:
            entry = self.c_type(t.item) if t.kind != "map" else self.c_type(t) + "_entry"
            lines += [f".item = &{self.table(t.item)}", f".item_size = sizeof({entry})"]
        if t.kind == "map":
            lines.append(f".value_offset = offsetof({entry}, value)")
        if t.kind == "enum":
            before = self.array("struct kvx_bytes", f"names_{snake(t.name)}", [self.bytes(v) for v in t.choices])
            lines += [f".names = names_{snake(t.name)}", f".n_names = {len(t.choices)}"]
        if t.kind == "variant":
            tables = ["&" + self.table(c) for c in t.choices]
            before = self.array("struct kvx_json_type *const", f"choices_{snake(t.name)}", tables)
            lines += [f".choices = choices_{snake(t.name)}", f".n_choices = {len(t.choices)}"]
            lines.append(f".value_offset = offsetof({self.c_type(t)}, value)")
        if t.kind == "object":
            before = self.array(
                "struct kvx_json_field", f"fields_{snake(t.name)}", [self.field(t, f) for f in t.fields]
            )
            lines += [f".fields = fields_{snake(t.name)}", f".n_fields = {len(t.fields)}"]
        body = "".join(f"    {line},\n" for line in lines)
        return f"{before}const struct kvx_json_type {self.table(t)} = {{\n{body}}};\n\n"

    def array(self, c, name, items):
        return f"static const {c} {name}[] = {{\n" + "".join(f"    {item},\n" for item in items) + "};\n"

    def bytes(self, text):
        return f"{{{c_string(text)}, {len(text.encode())}}}"

    def field(self, t, f):
        c = self.c_type(t)
        parts = [
            f".name = {self.bytes(f.name)}",
            f".lead = {self.bytes(json.dumps(f.name) + ':')}",
            f".type = &{self.table(f.type)}",
            f".offset = offsetof({c}, {snake(f.name)})" if f.type.kind != "null" else ".offset = 0",
            f".has_offset = offsetof({c}, has_{snake(f.name)})" if self.has_flag(f) else ".has_offset = KVX_JSON_ALWAYS",
            f".required = {str(f.required).lower()}",
            f".nullable = {str(f.type.nullable).lower()}",
            f".value = {number(f.default or 0)}",
        ]
        if f.roles:
            parts.append(".roles = {" + ", ".join(f"KVX_JSON_{role.upper()}" for role in f.roles) + "}")
        if f.selects:
            parts.append(f".selects = {1 + list(self.model.dialects).index(f.selects)}")
        return "{\n        " + ",\n        ".join(parts) + ",\n    }"

    # ---- openapi_routes.h and .c ----

    def operation_enum(self, op):
        return f"KVX_HTTP_{upper(op.name)}"

    def handler(self, op):
        name = "kvx_http_handle_" + snake(op.name)
        parameters = ["struct kvx_http_call *"]
        if op.request:
            parameters.append(f"const {self.c_type(op.request)} *")
        if op.stream:
            parameters.append("struct kvx_http_stream *")
        elif self.is_raw(op):
            parameters.append("struct kvx_buf *")
        else:
            parameters.append(f"{self.c_type(op.answer)} *")
        return name, parameters

    def is_raw(self, op):
        return op.answer.kind in ("raw", "text")

    def routes_h(self):
        ops = self.model.operations
        out = [self.banner, "/* Operations and the functions behind them. */\n"]
        out.append("#ifndef OPENAPI_ROUTES_H\n#define OPENAPI_ROUTES_H\n\n")
        out.append('#include "openapi_types.h"\n#include "route.h"\n\n')
        if self.model.dialects:
            out.append("enum kvx_http_dialect {\n")
            for name, text in self.model.dialects.items():
                out.append(comment(text, "    ") + f"    KVX_HTTP_DIALECT_{name.upper()},\n")
            out.append("    KVX_HTTP_DIALECT_COUNT\n};\n\n")
        out.append("enum kvx_http_operation {\n")
        out += [f"    {self.operation_enum(op)},\n" for op in ops]
        out.append("    KVX_HTTP_OPERATION_COUNT\n};\n\n")
        out.append("extern const struct kvx_http_route kvx_http_routes[KVX_HTTP_OPERATION_COUNT];\n")
        out.append("extern const char *const kvx_http_operation_names[KVX_HTTP_OPERATION_COUNT];\n")
        out.append("/* The document itself. */\nextern const struct kvx_bytes kvx_http_document;\n\n")
        out.append("/* Written by hand: 0, or a negative code with the call's error filled. */\n")
        for op in ops:
            name, parameters = self.handler(op)
            out.append(f"/* {op.summary} */\nint {name}({', '.join(parameters)});\n")
        out.append("\n#endif /* OPENAPI_ROUTES_H */\n")
        return "".join(out)

    def routes_c(self):
        out = [self.banner, '#include "openapi_routes.h"\n\n']
        for op in self.model.operations:
            out.append(self.thunk(op))
        for op in self.model.operations:
            out.append(self.array("uint16_t", f"statuses_{snake(op.name)}", op.statuses))
            if op.by_choice:
                out.append(self.array("uint16_t", f"by_choice_{snake(op.name)}", op.by_choice))
        out.append("\nconst struct kvx_http_route kvx_http_routes[KVX_HTTP_OPERATION_COUNT] = {\n")
        for op in self.model.operations:
            out.append(self.route(op))
        out.append("};\n\nconst char *const kvx_http_operation_names[KVX_HTTP_OPERATION_COUNT] = {\n")
        out += [f"    [{self.operation_enum(op)}] = {c_string(op.name)},\n" for op in self.model.operations]
        out.append("};\n")
        return "".join(out)

    def thunk(self, op):
        name, parameters = self.handler(op)
        request = "request, " if op.request else ""
        unused = "" if op.request else "    (void)request; /* this operation has none */\n"
        return (
            f"static int call_{snake(op.name)}(struct kvx_http_call *call, const void *request, void *answer)\n"
            f"{{\n{unused}    return {name}(call, {request}answer);\n}}\n\n"
        )

    def route(self, op):
        kind = "STREAM" if op.stream else "RAW" if self.is_raw(op) else "JSON"
        lines = [
            f".method = {self.bytes(op.method)}",
            f".path = {self.bytes(op.path)}",
            f".max_body = {op.max_body}",
            f".request = {'&' + self.table(op.request) if op.request else 'NULL'}",
            f".query = {str(op.query).lower()}",
            f".answer = &{self.table(op.answer)}",
            f".answer_kind = KVX_HTTP_ANSWER_{kind}",
            f".media_type = {c_string(op.media_type)}",
            f".status = {op.status}",
            f".statuses = statuses_{snake(op.name)}",
            f".n_statuses = {len(op.statuses)}",
            f".by_choice = {'by_choice_' + snake(op.name) if op.by_choice else 'NULL'}",
            f".protobuf_body = {str(op.protobuf_body).lower()}",
            f".protobuf_status = {op.protobuf_status}",
            f".always = {str(op.always).lower()}",
            f".call = call_{snake(op.name)}",
        ]
        return f"    [{self.operation_enum(op)}] = {{\n" + "".join(f"        {l},\n" for l in lines) + "    },\n"

    # ---- openapi_limits.h ----

    def limits_h(self):
        out = [self.banner, "/* Every limit of the document, for code that needs one by name. */\n"]
        out.append("#ifndef OPENAPI_LIMITS_H\n#define OPENAPI_LIMITS_H\n\n#include <stdint.h>\n\n")
        for op in self.model.operations:
            if op.max_body:
                out.append(f"#define KVX_LIMIT_{upper(op.name)}_BODY_BYTES {number(op.max_body)}\n")
        if self.model.retry_after is not None:
            out.append(f"#define KVX_HTTP_RETRY_AFTER_SECONDS {number(self.model.retry_after)}\n")
        for t in self.types:
            for suffix, value in self.limits(t):
                out.append(f"#define KVX_LIMIT_{upper(t.name)}_{suffix} {number(value)}\n")
        for t in self.types:
            for f in t.fields:
                if f.default is not None:
                    out.append(f"#define KVX_DEFAULT_{upper(t.name)}_{upper(f.name)} {number(f.default)}\n")
        out.append("\n#endif /* OPENAPI_LIMITS_H */\n")
        return "".join(out)

    def limits(self, t):
        if t.kind in ("u32", "u64", "wide"):
            return ([("MIN", t.min)] if t.min else []) + [("MAX", t.max)]
        if t.kind == "text" and t.max != U32_MAX:
            return [("MIN_LENGTH", t.min), ("MAX_LENGTH", t.max)]
        if t.kind == "id":
            return [("MAX", t.max), ("MIN_LENGTH", t.text_min), ("MAX_LENGTH", t.text_max)]
        if t.kind in ("bulk", "array") and t.max != U32_MAX:
            return [("MAX_ITEMS", t.max)]
        return []

    # ---- openapi_document.c ----

    def document_c(self):
        text = json.dumps(self.model.doc.root, ensure_ascii=True, separators=(",", ":"))
        out = [self.banner, '#include "openapi_routes.h"\n\n', "static const char text[] =\n"]
        # cut where objects end, so that a change in the document is a small change here
        pieces = [part[i : i + 90] for part in re.split(r"(?<=\},)", text) for i in range(0, len(part), 90)]
        out.append("\n".join("    " + c_string(piece) for piece in pieces) + ";\n\n")
        out.append("const struct kvx_bytes kvx_http_document = {text, sizeof(text) - 1};\n")
        return "".join(out)

    def files(self):
        return {
            "openapi_types.h": self.types_h(),
            "openapi_types.c": self.types_c(),
            "openapi_routes.h": self.routes_h(),
            "openapi_routes.c": self.routes_c(),
            "openapi_limits.h": self.limits_h(),
            "openapi_document.c": self.document_c(),
        }
