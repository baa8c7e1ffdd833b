"""The REST half of the API reference, from the OpenAPI document.

Every keyword is shown or refused with file and line: a fact that is added to the schema cannot be missing here. Only the
tags are left out, which group operations in viewers.
"""

from openapi_yaml import Map
from reference_markdown import count, fenced, number, plain, span, table

METHODS = ("get", "post", "put", "delete", "patch")
SCHEMAS, RESPONSES, HEADERS = "#/components/schemas/", "#/components/responses/", "#/components/headers/"
SCALARS = {"integer", "string", "boolean", "null"}
NOTES = {"description", "examples", "default", "x-dialects", "x-selects"}
KEYWORDS = NOTES | {
    *("type", "oneOf", "enum", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "items", "x-bulk"),
    *("properties", "required", "additionalProperties"),
}


class Rest:
    def __init__(self, document, page):
        self.doc, self.root, self.page = document, document.root, page
        self.components = self.root["components"]
        self.schemas = self.components["schemas"]
        self.dialects = list(self.root.get("x-dialects", {}))
        self.operations = []  # (operationId, METHOD, path, node)
        self.users = {}  # schema of a request -> operations that take it
        for path, item in self.root["paths"].items():
            for method, node in item.items():
                if method not in METHODS:
                    raise self.doc.error(item.lines[method], f"`{method}` in a path is not documented")
                self.operations.append((node["operationId"], method.upper(), path, node))
                for name in self.request_schemas(node):
                    self.users.setdefault(name, []).append(node["operationId"])

    def known(self, node, keys):
        for key in node:
            if key not in keys:
                raise self.doc.error(node.lines[key], f"`{key}` is not shown in the reference")

    def resolve(self, node, prefix):
        """The node behind a `$ref` into the components, or the node itself."""
        if "$ref" not in node:
            return node
        kind = prefix.split("/")[2]
        return self.components[kind][node["$ref"][len(prefix) :]]

    def request_schemas(self, node):
        for body in node.get("requestBody", {}).get("content", {}).values():
            name = body["schema"]["$ref"][len(SCHEMAS) :]
            if "properties" in self.schemas[name]:
                yield name

    # ---- Operations ----

    def write(self):
        self.known(self.root, {"openapi", "info", "servers", "tags", "x-dialects", "paths", "components"})
        page = self.page
        page.heading(2, "REST")
        page.add(plain(self.root["info"]["description"]))
        for server in self.root.get("servers", []):
            page.add(f"{plain(server['description'])}: `{server['url']}`")
        for name, method, path, node in self.operations:
            self.operation(name, method, path, node)
        self.errors()
        self.types()

    def operation(self, name, method, path, node):
        keys = {"operationId", "tags", "summary", "description", "parameters", "requestBody", "responses"}
        self.known(node, keys | {"x-max-body", "x-stream", "x-always"})
        page = self.page
        page.heading(3, f"{method} {path}")
        page.add(f"**{plain(node['summary'])}.** Operation `{name}`.")
        page.add(plain(node["description"]))
        if node.get("x-always"):
            page.add("Answered also over the limit of requests in flight and while shutting down.")
        self.parameters(node.get("parameters", []))
        if "requestBody" in node:
            self.body(name, node["requestBody"], node["x-max-body"])
        self.answers(node["responses"], node.get("x-stream"))

    def parameters(self, parameters):
        rows = []
        for node in parameters:
            self.known(node, {"name", "in", "description", "schema", "example"})
            example = f" Example: `{node['example']}`." if "example" in node else ""
            rows.append([f"`{node['name']}`", self.kind(node["schema"]), plain(node["description"]) + example])
        if rows:
            self.page.add("Parameters of the query string, all optional:")
            self.page.add(table(["parameter", "type", "meaning"], rows))

    def body(self, name, node, limit):
        self.known(node, {"description", "required", "content"})
        page = self.page
        kinds = []
        for media, content in node["content"].items():
            self.known(content, {"schema", "example", "examples"})
            schema = content["schema"]["$ref"][len(SCHEMAS) :]
            alone = self.users.get(schema) == [name]
            kinds.append(f"`{media}`" + ("" if alone else f" ({self.kind(content['schema'])})"))
        page.add(f"**Body**, at most {count(limit, 'byte')}: {' or '.join(kinds)}. {plain(node['description'])}")
        for schema in dict.fromkeys(self.request_schemas({"requestBody": node})):
            if self.users[schema] == [name]:
                self.fields(self.schemas[schema])
        for content in node["content"].values():
            self.examples(content, "Example")

    def examples(self, content, title):
        if "example" in content:
            self.page.add(f"{title}:")
            self.page.add(fenced(content["example"]))
        for example in content.get("examples", {}).values():
            self.known(example, {"summary", "value"})
            self.page.add(f"{title}, {plain(example['summary'])}:")
            self.page.add(fenced(example["value"]))

    def answers(self, responses, stream):
        rows, shared, shown = [], [], []
        for status, node in responses.items():
            target = self.resolve(node, RESPONSES)
            self.known(target, {"description", "content", "headers"})
            if "$ref" in node:
                shared.append(f"{status} {self.page.link(node['$ref'][len(RESPONSES) :], 'Errors of REST')}")
                continue
            kinds = [f"{self.kind(c['schema'])}, `{media}`" for media, c in target["content"].items()]
            headers = "".join(f" With `{name}`." for name in target.get("headers", {}))
            rows.append([status, " or ".join(kinds), plain(target["description"]) + headers])
            shown += [(status, c) for c in target["content"].values()]
        self.page.add("**Answers**" + (", in chunks as they are made:" if stream else ":"))
        self.page.add(table(["status", "body", "when"], rows))
        if shared:
            self.page.add(f"Errors: {', '.join(shared)}.")
        for status, content in shown:
            self.known(content, {"schema", "example", "examples"})
            self.examples(content, f"Answer {status}")

    def errors(self):
        """The answers that operations share."""
        page, rows = self.page, []
        page.heading(3, "Errors of REST")
        statuses = {}
        for _, _, _, node in self.operations:
            for status, answer in node["responses"].items():
                if "$ref" in answer:
                    statuses.setdefault(answer["$ref"][len(RESPONSES) :], set()).add(status)
        for name, node in self.components.get("responses", {}).items():
            content = node["content"]["application/json"]
            headers = "".join(f" With `{header}`." for header in node.get("headers", {}))
            text = plain(node["description"]) + headers
            rows.append([", ".join(sorted(statuses[name])), name, text, f"`` {content['example']['error']} ``"])
        page.add(table(["status", "name", "when", "example of the text"], rows))
        for name, node in self.components.get("headers", {}).items():
            self.known(node, {"description", "schema"})
            header = "-".join(self.words(name))
            page.add(f"`{header}`: {plain(node['description'])} {self.kind(node['schema'])}.")

    def words(self, name):
        """RetryAfter: Retry, After."""
        start = [i for i, c in enumerate(name) if c.isupper()] + [len(name)]
        return [name[a:b] for a, b in zip(start, start[1:])]

    # ---- Types ----

    def types(self):
        page, scalars = self.page, []
        page.heading(3, "Types of REST")
        for name, node in self.schemas.items():
            if self.scalar(node):
                scalars.append([f"`{name}`", self.inline(node), plain(node["description"])])
            elif len(self.users.get(name, [])) != 1:
                page.heading(4, name)
                page.add(plain(node["description"]))
                self.known(node, KEYWORDS)
                if "properties" in node:
                    self.fields(node)
                else:
                    page.add(self.sentence(self.inline(node)))
        page.heading(3, "Values of REST")
        page.add(table(["name", "type", "meaning"], scalars))

    def sentence(self, text):
        return text[0].upper() + text[1:] + "."

    def scalar(self, node):
        """Whether a named schema is a row of the table of values."""
        if "oneOf" in node:
            return all("type" in choice and choice["type"] in SCALARS for choice in node["oneOf"])
        kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
        return set(kinds) <= SCALARS

    def fields(self, node):
        """The table of an object's fields; requests in dialects have a column for each dialect."""
        dialects = self.dialects if any("x-dialects" in f for f in node["properties"].values()) else []
        rows = []
        for name, field in node["properties"].items():
            self.known(field, KEYWORDS | {"$ref"})
            presence = "required" if name in node.get("required", []) else "optional"
            roles = field.get("x-dialects", Map(0) if dialects else None)
            if not dialects:
                columns = [presence]
            elif "x-dialects" in field:
                columns = [roles.get(d, "refused") for d in dialects]
            else:
                columns = [presence] * len(dialects)
            rows.append([f"`{name}`", self.kind(field), *columns, plain(field["description"]) + self.samples(field)])
        self.page.add(table(["field", "type", *(dialects or ["presence"]), "meaning"], rows))

    def samples(self, node):
        values = [f"`{value}`" for value in node.get("examples", [])]
        return f" Example: {', '.join(values)}." if values else ""

    def kind(self, node):
        """What a value is, with the limits: a link for a named schema."""
        default = f", default {number(node['default'])}" if "default" in node else ""
        if "$ref" not in node:
            return self.inline(node) + default
        name = node["$ref"][len(SCHEMAS) :]
        users = self.users.get(name, [])
        if self.scalar(self.schemas[name]):
            title = "Values of REST"
        elif len(users) == 1:
            title = next(f"{m} {p}" for n, m, p, _ in self.operations if n == users[0])
        else:
            title = name
        return self.page.link(name, title) + default

    def inline(self, node):
        self.known(node, KEYWORDS)
        if "oneOf" in node:
            return self.one_of(node["oneOf"])
        kinds = list(node["type"]) if isinstance(node["type"], list) else [node["type"]]
        return ", or ".join(getattr(self, "of_" + kind)(node) for kind in kinds)

    def one_of(self, choices):
        return ", or ".join(self.kind(choice) for choice in choices)

    def of_integer(self, node):
        return f"integer, {number(node['minimum'])} to {number(node['maximum'])}"

    def of_string(self, node):
        if "enum" in node:
            return " or ".join(f"`{value}`" for value in node["enum"])
        limits = span(node.get("minLength"), node.get("maxLength"), "byte")
        return "string" + (f", {limits}" if limits else "")

    def of_boolean(self, _node):
        return "true or false"

    def of_null(self, _node):
        return "null"

    def of_array(self, node):
        limits = span(node.get("minItems"), node.get("maxItems"), "item")
        item = node["items"]
        note = "" if "$ref" in item else f" ({plain(item['description']).rstrip('.')})"
        return f"array of {self.kind(item)}{note}" + (f"; {limits}" if limits else "")

    def of_object(self, node):
        if "additionalProperties" not in node:
            return "object"
        return f"object whose values are each {self.kind(node['additionalProperties'])}"
