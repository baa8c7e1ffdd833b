"""The document outside its schemas: paths, operations, answers. Checks everything, keeps what the tables need."""

import re

from openapi_schema import Schemas
from openapi_yaml import Map

METHODS = ("get", "post", "put", "delete", "patch")
STATUSES = re.compile(r"[1-5][0-9][0-9]")
REQUEST_KINDS = {"u32", "u64", "text", "id", "bool", "enum", "bulk"}
JSON = "application/json"


class Operation:
    def __init__(self, name, method, path, line):
        self.name, self.method, self.path, self.line = name, method, path, line
        self.summary = ""
        self.request = None  # an object type
        self.max_body = 0  # bytes
        self.answer, self.media_type, self.status = None, "", 0
        self.statuses = []
        self.stream = self.always = False


class Model:
    def __init__(self, document):
        self.doc = document
        root = document.root
        self.keys(root, "the document", {"openapi", "info", "paths", "components"}, {"servers", "tags"})
        if not re.fullmatch(r"3\.1\.[0-9]+", str(root["openapi"])):
            self.fail(root.lines["openapi"], "only OpenAPI 3.1 is implemented")
        self.read_info(root["info"])
        self.tags = self.read_tags(root.get("tags"))
        for server in root.get("servers", []):
            self.keys(server, "a server", {"url", "description"})
        components = root["components"]
        self.keys(components, "`components`", {"schemas"}, {"responses", "headers"})
        self.schemas = Schemas(document, components["schemas"])
        self.responses, self.headers = components.get("responses", {}), components.get("headers", {})
        self.used_responses, self.used_headers, self.retry_after, self.error = set(), set(), None, None
        self.operations = []
        for path, item in root["paths"].items():
            self.read_path(path, item, root["paths"].lines[path])
        self.check_unused(components)

    def fail(self, line, text):
        raise self.doc.error(line, text)

    def keys(self, node, what, required, optional=()):
        """Refuses a missing and an unknown key of a mapping."""
        if not isinstance(node, Map):
            self.fail(self.doc.root.line, f"{what} must be a mapping")
        for key in node:
            if key not in required and key not in optional:
                self.fail(node.lines[key], f"`{key}` in {what} is not implemented")
        for key in sorted(required):
            if key not in node:
                self.fail(node.line, f"`{key}` is missing in {what}")
        for key in ("description", "summary"):
            if key in node and (not isinstance(node[key], str) or not node[key].strip()):
                self.fail(node.lines[key], f"`{key}` is empty")

    def read_info(self, info):
        self.keys(info, "`info`", {"title", "version", "description"}, {"summary", "license", "contact"})
        if "license" in info:
            self.keys(info["license"], "`license`", {"name"}, {"identifier", "url"})
        if "contact" in info:
            self.keys(info["contact"], "`contact`", {"name"}, {"url", "email"})

    def read_tags(self, tags):
        for tag in tags or []:
            self.keys(tag, "a tag", {"name", "description"})
        return {tag["name"] for tag in tags or []}

    def check_unused(self, components):
        for kind, used in (
            ("schemas", self.schemas.used),
            ("responses", self.used_responses),
            ("headers", self.used_headers),
        ):
            for name in components.get(kind, {}):
                if name not in used:
                    self.fail(components[kind].lines[name], f"`{name}` is never used")

    def read_path(self, path, item, line):
        if not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", path) or re.search(r"/\.", path):
            self.fail(line, f"path `{path}`: only fixed segments of letters, digits, `_`, `-`, `.` are implemented")
        if not isinstance(item, Map) or not item:
            self.fail(line, f"path `{path}` has no operation")
        for method, operation in item.items():
            if method not in METHODS:
                self.fail(item.lines[method], f"`{method}` in a path is not implemented")
            self.operations.append(self.read_operation(method, path, operation, item.lines[method]))

    def read_operation(self, method, path, node, line):
        self.keys(
            node,
            "an operation",
            {"operationId", "tags", "summary", "description", "responses"},
            {"requestBody", "x-max-body", "x-stream", "x-always"},
        )
        name = node["operationId"]
        if not isinstance(name, str) or not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
            self.fail(node.lines["operationId"], "`operationId` must be a name in CamelCase")
        if any(o.name == name for o in self.operations):
            self.fail(node.lines["operationId"], f"operationId `{name}` appears twice")
        for tag in node["tags"]:
            if tag not in self.tags:
                self.fail(node.lines["tags"], f"no tag `{tag}`")
        op = Operation(name, method.upper(), path, line)
        op.summary = node["summary"]
        op.stream, op.always = self.flag(node, "x-stream"), self.flag(node, "x-always")
        self.read_body(node, op)
        self.read_answers(node["responses"], node.lines["responses"], op)
        return op

    def flag(self, node, key):
        value = node.get(key, False)
        if not isinstance(value, bool):
            self.fail(node.lines[key], f"`{key}` must be true or false")
        return value

    def read_body(self, node, op):
        if "requestBody" not in node:
            if "x-max-body" in node:
                self.fail(node.lines["x-max-body"], "`x-max-body` without `requestBody`")
            return
        if op.method == "GET":
            self.fail(node.lines["requestBody"], "`requestBody` of GET is not implemented")
        if "x-max-body" not in node:
            self.fail(node.lines["requestBody"], "`requestBody` needs `x-max-body` beside it")
        op.max_body = self.schemas.number(node, "x-max-body", None, 1, 1 << 30)
        body = node["requestBody"]
        self.keys(body, "a request body", {"description", "required", "content"})
        if body["required"] is not True:
            self.fail(body.lines["required"], "an optional request body is not implemented")
        op.request, media = self.read_content(body["content"], body.lines["content"])
        if media != JSON:
            self.fail(body.lines["content"], f"a request body of type `{media}` is not implemented")
        if op.request.kind != "object":
            self.fail(body.lines["content"], "a request body must be an object with properties")
        for f in op.request.fields:
            if f.type.kind not in REQUEST_KINDS:
                self.fail(f.line, f"request field `{f.name}`: type `{f.type.kind}` is not implemented in requests")
            if f.type.kind == "text" and f.type.max == 2**32 - 1:
                self.fail(f.line, f"request field `{f.name}` needs `maxLength`")

    def read_content(self, content, line):
        if not isinstance(content, Map) or len(content) != 1:
            self.fail(line, "`content` must name exactly one media type")
        media, node = next(iter(content.items()))
        self.keys(node, "a media type", {"schema"}, {"example"})
        if "$ref" not in node["schema"]:
            self.fail(node.lines["schema"], "the schema of a body must be a `$ref` to a named one")
        type_ = self.schemas.read(node["schema"], node.lines["schema"], None)
        if media == JSON and type_.kind != "raw" and "example" not in node:
            self.fail(content.lines[media], "an `example` is missing")
        if "example" in node:
            self.schemas.check(node["example"], type_, node.lines["example"], "example")
        return type_, media

    def read_answers(self, answers, line, op):
        if not isinstance(answers, Map) or not answers:
            self.fail(line, "`responses` must be a mapping of statuses")
        for status, node in answers.items():
            at = answers.lines[status]
            if not STATUSES.fullmatch(status):
                self.fail(at, f"status `{status}` is not implemented")
            type_, media = self.read_answer(node, at)
            op.statuses.append(int(status))
            if status[0] == "2":
                if op.answer:
                    self.fail(at, "more than one successful status is not implemented")
                op.answer, op.media_type, op.status = type_, media, int(status)
            elif not (op.answer and type_ is op.answer):
                self.error_answer(type_, media, at)
        if not op.answer:
            self.fail(line, "no successful status, or it does not come first")
        self.check_answer(op, line)

    def error_answer(self, type_, media, line):
        if media != JSON or [f.name for f in type_.fields] != ["error"] or type_.fields[0].type.kind != "text":
            self.fail(line, "an error must be JSON with the one text field `error`")
        if self.error not in (None, type_):
            self.fail(line, "errors must all have one schema")
        self.error = type_

    def check_answer(self, op, line):
        if op.stream and op.answer.kind != "array":
            self.fail(line, "`x-stream` is for answers that are arrays")
        self.check_answer_type(op.answer, line)
        if op.media_type != JSON and op.answer.kind != "text":
            self.fail(line, f"an answer of type `{op.media_type}` must be a string")

    def check_answer_type(self, type_, line):
        if type_.kind == "bulk":
            self.fail(type_.line, "`x-bulk` in an answer is not implemented")
        if type_.kind == "wide":
            self.fail(type_.line, "a negative `minimum` in an answer is not implemented")
        for f in type_.fields:
            self.check_answer_type(f.type, f.line)
        for choice in type_.choices if type_.kind == "variant" else []:
            self.check_answer_type(choice, line)
        if type_.item:
            self.check_answer_type(type_.item, line)

    def read_answer(self, node, line):
        if "$ref" in node:
            node = self.refer(node, "responses", self.responses, self.used_responses)
        self.keys(node, "an answer", {"description", "content"}, {"headers"})
        for name, header in node.get("headers", {}).items():
            if name != "Retry-After":
                self.fail(node["headers"].lines[name], f"header `{name}` is not implemented")
            self.read_retry_after(header)
        return self.read_content(node["content"], node.lines["content"])

    def read_retry_after(self, node):
        if "$ref" in node:
            node = self.refer(node, "headers", self.headers, self.used_headers)
        self.keys(node, "a header", {"description", "schema"})
        schema = node["schema"]
        for key in schema:
            if key not in ("type", "minimum", "maximum", "default"):
                self.fail(schema.lines[key], f"keyword `{key}` in a header is not implemented")
        type_ = self.schemas.read_integer(schema, "RetryAfter")
        if "default" not in schema:
            self.fail(schema.line, "the header needs a `default`: the value that is sent")
        self.schemas.check(schema["default"], type_, schema.lines["default"], "default")
        if self.retry_after not in (None, schema["default"]):
            self.fail(schema.lines["default"], "`Retry-After` must have one value everywhere")
        self.retry_after = schema["default"]

    def refer(self, node, kind, table, used):
        prefix, line = f"#/components/{kind}/", node.lines["$ref"]
        self.keys(node, "a reference", {"$ref"})
        name = node["$ref"]
        if not name.startswith(prefix) or name[len(prefix) :] not in table:
            self.fail(line, f"`$ref`: no `{name}`")
        used.add(name[len(prefix) :])
        return table[name[len(prefix) :]]
