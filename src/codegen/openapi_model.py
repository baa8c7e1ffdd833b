"""The document outside its schemas: paths, operations, answers. Checks everything, keeps what the tables need."""

import re

from openapi_schema import Field, Schemas, Type, misfit
from openapi_yaml import List, Map

METHODS = ("get", "post", "put", "delete", "patch")
STATUSES = re.compile(r"[1-5][0-9][0-9]")
SCALAR_KINDS = {"u32", "u64", "text", "id", "bool", "enum"}
REQUEST_KINDS = SCALAR_KINDS | {"wide", "bulk", "array"}
PARAMETER_KINDS = {"u32", "u64", "text", "enum"}
DIALECTS_MAX = 4
JSON, PROTOBUF = "application/json", "application/x-protobuf"


class Operation:
    def __init__(self, name, method, path, line):
        self.name, self.method, self.path, self.line = name, method, path, line
        self.summary = ""
        self.request = None  # an object type
        self.query = False  # the request is in the query string, not in the body
        self.max_body = 0  # bytes
        self.answer, self.media_type, self.status = None, "", 0
        self.by_choice = []  # with several successful statuses: that of each of the answer's choices
        self.protobuf_body = False
        self.protobuf_status = 0  # of an answer in protobuf, 0: none
        self.statuses = []
        self.stream = self.always = False


class Model:
    def __init__(self, document):
        self.doc = document
        root = document.root
        self.keys(root, "the document", {"openapi", "info", "paths", "components"}, {"servers", "tags", "x-dialects"})
        if not re.fullmatch(r"3\.1\.[0-9]+", str(root["openapi"])):
            self.fail(root.lines["openapi"], "only OpenAPI 3.1 is implemented")
        self.read_info(root["info"])
        self.tags = self.read_tags(root.get("tags"))
        for server in root.get("servers", []):
            self.keys(server, "a server", {"url", "description"})
        components = root["components"]
        self.keys(components, "`components`", {"schemas"}, {"responses", "headers"})
        self.dialects = self.read_dialects(root)
        self.schemas = Schemas(document, components["schemas"], self.dialects)
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

    def read_dialects(self, root):
        """The dialects' names, first the one that is spoken when no field selects another."""
        dialects = root.get("x-dialects", {})
        if not isinstance(dialects, dict) or len(dialects) > DIALECTS_MAX:
            self.fail(root.lines["x-dialects"], f"`x-dialects` must be a mapping of at most {DIALECTS_MAX} names")
        for name, text in dialects.items():
            if not re.fullmatch(r"[a-z]+", name) or not isinstance(text, str) or not text.strip():
                self.fail(dialects.lines[name], "a dialect is a name in small letters and a description")
        return dialects

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
            {"parameters", "requestBody", "x-max-body", "x-stream", "x-always"},
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
        if "parameters" in node:
            self.read_parameters(node["parameters"], node.lines["parameters"], op)
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
        op.request, media, op.protobuf_body = self.read_content(body["content"], body.lines["content"])
        if media != JSON:
            self.fail(body.lines["content"], f"a request body of type `{media}` is not implemented")
        if op.request.kind != "object":
            self.fail(body.lines["content"], "a request body must be an object with properties")
        self.check_request(op.request, REQUEST_KINDS)

    def check_request(self, type_, kinds):
        for f in type_.fields:
            if f.type.kind not in kinds:
                self.fail(f.line, f"request field `{f.name}`: type `{f.type.kind}` is not implemented in requests")
            if f.type.kind == "text" and f.type.max == 2**32 - 1:
                self.fail(f.line, f"request field `{f.name}` needs `maxLength`")
            if f.type.kind == "array":
                if f.type.max == 2**32 - 1:
                    self.fail(f.line, f"request field `{f.name}` needs `maxItems`")
                if f.type.item.kind != "object":
                    self.fail(f.line, f"request field `{f.name}`: only arrays of objects, or with `x-bulk`, are implemented")
                self.check_request(f.type.item, SCALAR_KINDS)

    def read_parameters(self, parameters, line, op):
        """Parameters in the query string, read into a struct like a body."""
        if op.request:
            self.fail(line, "`parameters` beside `requestBody` is not implemented")
        if not isinstance(parameters, List) or not parameters:
            self.fail(line, "`parameters` must be a list")
        op.request, op.query = Type("object", line), True
        op.request.name, op.request.description = op.name + "Parameters", f"The query string of {op.name}."
        for node, at in zip(parameters, parameters.lines):
            op.request.fields.append(self.read_parameter(node, at, op))

    def read_parameter(self, node, line, op):
        self.keys(node, "a parameter", {"name", "in", "description", "schema"}, {"example"})
        name = node["name"]
        if node["in"] != "query":
            self.fail(node.lines["in"], f"a parameter in `{node['in']}` is not implemented")
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            self.fail(node.lines["name"], "a parameter's name must be made of small letters, digits and `_`")
        if any(f.name == name for f in op.request.fields):
            self.fail(node.lines["name"], f"parameter `{name}` appears twice")
        if "default" in node["schema"]:
            self.fail(node.lines["schema"], "a default of a parameter is not implemented")
        made_up = op.name + "".join(part.capitalize() for part in name.split("_"))
        type_ = self.schemas.read(node["schema"], node.lines["schema"], made_up)
        if type_.kind not in PARAMETER_KINDS or type_.nullable:
            self.fail(node.lines["schema"], f"parameter `{name}`: type `{type_.kind}` is not implemented in parameters")
        if type_.kind == "text" and type_.max == 2**32 - 1:
            self.fail(line, f"parameter `{name}` needs `maxLength`")
        if "example" in node:
            self.schemas.check(node["example"], type_, node.lines["example"], "example")
        field = Field(name, type_, line)
        field.description = node["description"]
        return field

    def read_content(self, content, line):
        """The type and media type of a body, and whether protobuf is offered beside it."""
        if not isinstance(content, Map) or len(set(content) - {PROTOBUF}) != 1:
            self.fail(line, f"`content` must name exactly one media type, and perhaps {PROTOBUF}")
        if PROTOBUF in content:
            self.read_protobuf(content[PROTOBUF])
        media, node = next((m, n) for m, n in content.items() if m != PROTOBUF)
        self.keys(node, "a media type", {"schema"}, {"example", "examples"})
        if "$ref" not in node["schema"]:
            self.fail(node.lines["schema"], "the schema of a body must be a `$ref` to a named one")
        type_ = self.schemas.read(node["schema"], node.lines["schema"], None)
        examples = self.read_examples(node, type_)
        if media == JSON and type_.kind != "raw" and not examples:
            self.fail(content.lines[media], "an `example` is missing")
        for choice in type_.choices if type_.kind == "variant" else []:
            if not any(misfit(value, choice) is None for value in examples):
                self.fail(content.lines[media], f"no example shows `{choice.name}`")
        return type_, media, PROTOBUF in content

    def read_protobuf(self, node):
        self.keys(node, "a media type", {"schema"})
        if "$ref" not in node["schema"]:
            self.fail(node.lines["schema"], "the schema of a body must be a `$ref` to a named one")
        if self.schemas.read(node["schema"], node.lines["schema"], None).kind != "text":
            self.fail(node.lines["schema"], f"the schema of {PROTOBUF} must be a string")

    def read_examples(self, node, type_):
        """The values shown for a body, each checked."""
        if "example" in node and "examples" in node:
            self.fail(node.lines["examples"], "`examples` beside `example`")
        if "example" in node:
            self.schemas.check(node["example"], type_, node.lines["example"], "example")
            return [node["example"]]
        examples = node.get("examples", {})
        if not isinstance(examples, dict):
            self.fail(node.lines["examples"], "`examples` must be a mapping")
        for name, example in examples.items():
            self.keys(example, "an example", {"summary", "value"})
            self.schemas.check(example["value"], type_, example.lines["value"], "example")
        return [example["value"] for example in examples.values()]

    def read_answers(self, answers, line, op):
        if not isinstance(answers, Map) or not answers:
            self.fail(line, "`responses` must be a mapping of statuses")
        good = []  # (status, type) of each successful answer
        for status, node in answers.items():
            at = answers.lines[status]
            if not STATUSES.fullmatch(status):
                self.fail(at, f"status `{status}` is not implemented")
            type_, media, protobuf = self.read_answer(node, at)
            op.statuses.append(int(status))
            if status[0] == "2":
                if good and media != op.media_type:
                    self.fail(at, "successful answers must all have one media type")
                if protobuf and op.protobuf_status:
                    self.fail(at, f"{PROTOBUF} is offered with one status only")
                op.media_type = media
                op.protobuf_status = int(status) if protobuf else op.protobuf_status
                good.append((int(status), type_, at))
            elif protobuf:
                self.fail(at, "an error must be JSON with the one text field `error`")
            elif not any(type_ is t for _, t, _ in good):
                self.error_answer(type_, media, at)
        if not good:
            self.fail(line, "no successful status, or it does not come first")
        op.status, op.answer, _ = good[0]
        if len(good) > 1:
            op.answer, op.by_choice = self.several_answers(op, good), [status for status, _, _ in good]
        if op.protobuf_body and not op.protobuf_status:
            self.fail(line, f"a request in {PROTOBUF} needs an answer in {PROTOBUF}")
        self.check_answer(op, line)

    def several_answers(self, op, good):
        """Several successful statuses: the answer is one of their schemas, and it decides the status."""
        result = Type("variant", op.line)
        result.name, result.description = op.name + "Answer", f"The answers of {op.name}, one for each status."
        if result.name in self.schemas.definitions:
            self.fail(op.line, f"`{result.name}` is the name of a schema and of the answers of {op.name}")
        for _, type_, at in good:
            if type_.kind not in ("object", "map", "array") or type_ in result.choices:
                self.fail(at, "successful statuses need schemas of their own, each an object or an array")
            result.choices.append(type_)
        return result

    def error_answer(self, type_, media, line):
        if media != JSON or [f.name for f in type_.fields] != ["error"] or type_.fields[0].type.kind != "text":
            self.fail(line, "an error must be JSON with the one text field `error`")
        if self.error not in (None, type_):
            self.fail(line, "errors must all have one schema")
        self.error = type_

    def check_answer(self, op, line):
        forms = op.answer.choices if op.answer.kind == "variant" else [op.answer]
        if op.stream and not all(form.kind in ("array", "map") for form in forms):
            self.fail(line, "`x-stream` is for answers that are arrays or maps")
        if op.stream and op.protobuf_status:
            self.fail(line, f"`x-stream` in {PROTOBUF} is not implemented")
        self.check_answer_type(op.answer, line)
        if op.media_type != JSON and op.answer.kind != "text":
            self.fail(line, f"an answer of type `{op.media_type}` must be a string")

    def check_answer_type(self, type_, line):
        if type_.kind == "bulk":
            self.fail(type_.line, "`x-bulk` in an answer is not implemented")
        if type_.kind == "wide":
            self.fail(type_.line, "a negative `minimum` in an answer is not implemented")
        for f in type_.fields:
            if f.roles:
                self.fail(f.line, "`x-dialects` in an answer")
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
