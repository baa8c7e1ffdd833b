"""Schemas of the document: from JSON Schema keywords to the C types that carry their values.

Each keyword is implemented here or refused with file and line; nothing is ignored.
"""

import re

from openapi_yaml import List, Map

I64_MIN, U32_MAX, U64_MAX = -(2**63), 2**32 - 1, 2**64 - 1
FIELDS_MAX = 64  # the decoder remembers which fields it has seen in one 64-bit word

# keyword -> the types it may stand beside
KEYWORDS = {
    "minimum": {"integer"},
    "maximum": {"integer"},
    "minLength": {"string"},
    "maxLength": {"string"},
    "enum": {"string"},
    "minItems": {"array"},
    "maxItems": {"array"},
    "items": {"array"},
    "x-bulk": {"array"},
    "properties": {"object"},
    "required": {"object"},
    "additionalProperties": {"object"},
}
ANNOTATIONS = {"description", "default", "examples"}
PROPERTY_KEYS = {"x-dialects", "x-selects"}  # what a property may say beside its schema
ROLES = ("optional", "required", "ignored", "foreign")  # of a field in a dialect; the last one when it is not named
PREFIX = "#/components/schemas/"


C_KEYWORDS = set(
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool".split()
)


def snake(name):
    """A name as it is written in C."""
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


class Type:
    """One schema. `kind` is one of u32 u64 wide text id bool null enum array bulk map object variant raw."""

    def __init__(self, kind, line):
        self.kind, self.line = kind, line
        self.name = None  # of a named schema, or made up from the path to an inline one
        self.nullable = False
        self.min, self.max = 0, U64_MAX  # of a number, of a text's bytes, of an array's items
        self.text_min, self.text_max = 0, U32_MAX  # of an id's text
        self.item = None  # array, bulk, map
        self.fields = []  # object
        self.choices = []  # enum: names; variant: types
        self.description = ""


class Field:
    def __init__(self, name, type_, line):
        self.name, self.type, self.line = name, type_, line
        self.required, self.default, self.description = False, None, ""
        self.roles, self.selects = None, None  # by dialect; the dialect that the field's presence means


class Schemas:
    """Resolves and checks schemas; `types` holds the named ones in the order of their definition."""

    def __init__(self, document, definitions, dialects=()):
        self.doc, self.definitions, self.dialects = document, definitions, list(dialects)
        self.types, self.open, self.used = {}, [], set()

    def fail(self, line, text):
        raise self.doc.error(line, text)

    def named(self, name, line):
        if name in self.types:
            return self.types[name]
        if name in self.open:
            self.fail(line, f"schema `{name}` contains itself: recursive schemas are not implemented")
        if name not in self.definitions:
            self.fail(line, f"no schema `{name}`")
        self.open.append(name)
        result = self.read(self.definitions[name], self.definitions.lines[name], name)
        self.open.pop()
        self.types[name] = result
        return result

    def read(self, node, line, name, beside=frozenset()):
        """The type of a schema node; `name` is what its C type is called, `beside` the keys that are not its own."""
        if not isinstance(node, Map):
            self.fail(line, "a schema must be a mapping")
        line = node.line
        if "$ref" in node:
            return self.reference(node, beside)
        self.describe(node, line)
        if "oneOf" in node:
            result = self.one_of(node, name, beside)
        else:
            result = self.typed(node, name, beside)
        result.name, result.description = name, node["description"]
        self.check_values(node, result)
        return result

    def describe(self, node, line):
        text = node.get("description")
        if not isinstance(text, str) or not text.strip():
            self.fail(line, "a description is missing")

    def reference(self, node, beside=frozenset()):
        for key in node:
            if key != "$ref" and key not in ANNOTATIONS and key not in beside:
                self.fail(node.lines[key], f"`{key}` beside `$ref` is not implemented")
        target = node["$ref"]
        if not isinstance(target, str) or not target.startswith(PREFIX):
            self.fail(node.lines["$ref"], f"`$ref`: only {PREFIX}NAME is implemented")
        self.used.add(target[len(PREFIX) :])
        result = self.named(target[len(PREFIX) :], node.lines["$ref"])
        self.check_values(node, result)
        return result

    def typed(self, node, name, beside):
        for key in node:
            if key != "type" and key not in ANNOTATIONS and key not in KEYWORDS and key not in beside:
                self.fail(node.lines[key], f"keyword `{key}` is not implemented")
        kind, nullable = self.type_of(node)
        for key in node:
            if key in KEYWORDS and kind not in KEYWORDS[key]:
                self.fail(node.lines[key], f"keyword `{key}` does not fit type `{kind}`")
        result = getattr(self, "read_" + kind)(node, name)
        result.nullable = nullable
        return result

    def type_of(self, node):
        """The type's name, and whether null is allowed too."""
        if "type" not in node:
            self.fail(node.line, "`type` is missing")
        value, line = node["type"], node.lines["type"]
        kinds = list(value) if isinstance(value, List) else [value]
        nullable = len(kinds) == 2 and "null" in kinds
        if nullable:
            kinds.remove("null")
        if len(kinds) != 1 or kinds[0] not in ("integer", "string", "boolean", "null", "array", "object"):
            self.fail(line, f"type `{value}` is not implemented")
        if nullable and kinds[0] not in ("integer", "string", "array"):
            self.fail(line, f"type `{kinds[0]}` or null is not implemented")
        return kinds[0], nullable

    def number(self, node, key, default, low=0, high=U64_MAX):
        value = node.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fail(node.lines.get(key, node.line), f"`{key}` must be an integer in {low}..{high}")
        return value

    def read_integer(self, node, _name):
        for key in ("minimum", "maximum"):
            if key not in node:
                self.fail(node.line, f"an integer needs `{key}`")
        low, high = self.number(node, "minimum", None, I64_MIN), self.number(node, "maximum", None)
        if low > high:
            self.fail(node.lines["minimum"], f"`minimum` {low} is above `maximum` {high}")
        if low < 0 and (low, high) != (I64_MIN, U64_MAX):
            self.fail(node.lines["minimum"], f"a negative `minimum` is implemented only for {I64_MIN}..{U64_MAX}")
        result = Type("wide" if low < 0 else "u32" if high <= U32_MAX else "u64", node.line)
        result.min, result.max = max(low, 0), high
        return result

    def read_string(self, node, _name):
        if "enum" in node:
            values = node["enum"]
            if not isinstance(values, List) or not values or not all(isinstance(v, str) for v in values):
                self.fail(node.lines["enum"], "`enum` must be a list of strings")
            if len(set(values)) != len(values):
                self.fail(node.lines["enum"], "`enum` names a value twice")
            for key in ("minLength", "maxLength"):
                if key in node:
                    self.fail(node.lines[key], f"`{key}` beside `enum` is not implemented")
            result = Type("enum", node.line)
            result.choices = list(values)
            return result
        result = Type("text", node.line)
        result.min = self.number(node, "minLength", 0, 0, U32_MAX)
        result.max = self.number(node, "maxLength", U32_MAX, result.min, U32_MAX)
        return result

    def read_boolean(self, node, _name):
        return Type("bool", node.line)

    def read_null(self, node, _name):
        return Type("null", node.line)

    def read_array(self, node, name):
        if "items" not in node:
            self.fail(node.line, "an array needs `items`")
        item = self.read(node["items"], node.lines["items"], name + "Item")
        bulk = node.get("x-bulk", False)
        if not isinstance(bulk, bool):
            self.fail(node.lines["x-bulk"], "`x-bulk` must be true or false")
        if bulk and item.kind not in ("u32", "u64", "wide"):
            self.fail(node.lines["x-bulk"], "`x-bulk` is for arrays of integers")
        if bulk and "maxItems" not in node:
            self.fail(node.line, "an `x-bulk` array needs `maxItems`")
        if item.nullable or item.kind in ("null", "raw"):
            self.fail(node.lines["items"], f"items of type `{item.kind}` are not implemented")
        result = Type("bulk" if bulk else "array", node.line)
        result.item = item
        result.min = self.number(node, "minItems", 0, 0, U32_MAX)
        result.max = self.number(node, "maxItems", U32_MAX, result.min, U32_MAX)
        return result

    def read_object(self, node, name):
        if "additionalProperties" in node:
            return self.read_map(node, name)
        if "properties" not in node:
            if "required" in node:
                self.fail(node.lines["required"], "`required` without `properties`")
            return Type("raw", node.line)
        result = Type("object", node.line)
        properties = node["properties"]
        if not isinstance(properties, Map) or not 0 < len(properties) <= FIELDS_MAX:
            self.fail(node.lines["properties"], f"`properties` must be a mapping of 1 to {FIELDS_MAX} fields")
        for key, value in properties.items():
            if any(snake(key) == snake(f.name) for f in result.fields):
                self.fail(properties.lines[key], f"property `{key}` has the name of another one in C")
            result.fields.append(self.read_field(key, value, properties.lines[key], name))
        required = node.get("required", List(node.line))
        if not isinstance(required, List):
            self.fail(node.lines["required"], "`required` must be a list")
        for key, line in zip(required, required.lines):
            fields = [f for f in result.fields if f.name == key]
            if not fields:
                self.fail(line, f"`required` names `{key}`, which is not a property")
            if fields[0].default is not None:
                self.fail(line, f"`{key}` is required and has a default")
            if fields[0].roles and ROLES[-1] in fields[0].roles:
                self.fail(line, f"`{key}` is required, but not known in every dialect")
            fields[0].required = True
        return result

    def read_field(self, key, node, line, owner):
        if not key.isidentifier() or not key.isascii():
            self.fail(line, f"property `{key}` cannot be a name in C")
        if snake(key) in C_KEYWORDS:
            self.fail(line, f"property `{key}` cannot be a name in C")
        made_up = owner + "".join(part.capitalize() for part in key.split("_"))
        type_ = self.read(node, line, made_up, PROPERTY_KEYS)
        self.describe(node, line)
        if type_.kind == "raw":
            self.fail(line, f"property `{key}`: an object needs `properties` or `additionalProperties`")
        field = Field(key, type_, line)
        field.description = node["description"]
        self.read_dialects(node, field)
        if "default" in node:
            field.default = node["default"]
            if type_.kind not in ("u32", "u64"):
                self.fail(node.lines["default"], f"a default for type `{type_.kind}` is not implemented")
        return field

    def read_dialects(self, node, field):
        """`x-dialects`: what the field is in each dialect; `x-selects`: the dialect that its presence means."""
        if "x-dialects" in node:
            roles, line = node["x-dialects"], node.lines["x-dialects"]
            if not isinstance(roles, Map):
                self.fail(line, "`x-dialects` must say what the field is in each dialect")
            for dialect, role in roles.items():
                if dialect not in self.dialects:
                    self.fail(roles.lines[dialect], f"no dialect `{dialect}`")
                if role not in ROLES[:-1]:
                    self.fail(roles.lines[dialect], f"`{role}`: a field is optional, required or ignored")
            field.roles = [roles.get(dialect, ROLES[-1]) for dialect in self.dialects]
        if "x-selects" in node:
            line, field.selects = node.lines["x-selects"], node["x-selects"]
            if field.selects not in self.dialects:
                self.fail(line, f"no dialect `{field.selects}`")
            if not field.roles or field.roles[self.dialects.index(field.selects)] in ROLES[2:]:
                self.fail(line, f"the field is not one of dialect `{field.selects}`")
            if field.type.nullable:
                self.fail(line, "a field that may be null cannot select a dialect")

    def read_map(self, node, name):
        value, line = node["additionalProperties"], node.lines["additionalProperties"]
        if not isinstance(value, Map):
            self.fail(line, "`additionalProperties` must be a schema")
        for key in ("properties", "required"):
            if key in node:
                self.fail(node.lines[key], f"`{key}` beside `additionalProperties` is not implemented")
        result = Type("map", node.line)
        result.item = self.read(value, line, name + "Value")
        if result.item.nullable or result.item.kind in ("null", "raw"):
            self.fail(line, f"map values of type `{result.item.kind}` are not implemented")
        return result

    def one_of(self, node, name, beside):
        for key in node:
            if key != "oneOf" and key not in ANNOTATIONS and key not in beside:
                self.fail(node.lines[key], f"`{key}` beside `oneOf` is not implemented")
        options, line = node["oneOf"], node.lines["oneOf"]
        if not isinstance(options, List) or not options:
            self.fail(line, "`oneOf` must be a list of schemas")
        types = [self.read(o, l, f"{name}{i}") for i, (o, l) in enumerate(zip(options, options.lines), 1)]
        kinds = sorted(t.kind for t in types)
        if kinds in (["text", "u64"], ["null", "text", "u64"]) and not any(t.nullable for t in types):
            number, text = [next(t for t in types if t.kind == kind) for kind in ("u64", "text")]
            result = Type("id", node.line)
            result.nullable = "null" in kinds
            result.min, result.max, result.text_min, result.text_max = number.min, number.max, text.min, text.max
            return result
        if not set(kinds) <= {"object", "array", "map"} or not all("$ref" in o for o in options):
            self.fail(line, "`oneOf` is implemented for an integer or a string (or null), and for named objects and arrays")
        if len(set(t.name for t in types)) != len(types):
            self.fail(line, "`oneOf` names a schema twice")
        result = Type("variant", node.line)
        result.choices = types
        return result

    def check_values(self, node, type_):
        """Defaults and examples must be valid themselves."""
        if "default" in node:
            self.check(node["default"], type_, node.lines["default"], "default")
        if "examples" in node:
            examples = node["examples"]
            if not isinstance(examples, List):
                self.fail(node.lines["examples"], "`examples` must be a list")
            for value, line in zip(examples, examples.lines):
                self.check(value, type_, line, "example")

    def check(self, value, type_, line, what):
        problem = misfit(value, type_)
        if problem:
            self.fail(line, f"the {what} does not fit its schema: {problem}")


def integer_misfit(value, low, high):
    if not isinstance(value, int) or isinstance(value, bool):
        return f"{value!r} is not an integer"
    return None if low <= value <= high else f"{value} is not in {low}..{high}"


def text_misfit(value, low, high):
    if not isinstance(value, str):
        return f"{value!r} is not a string"
    return None if low <= len(value.encode()) <= high else f"{value!r} does not have {low}..{high} bytes"


def misfit(value, t):
    """Why `value` does not fit, or None."""
    if value is None:
        return None if t.nullable or t.kind == "null" else "null"
    if t.kind == "null":
        return f"{value!r} is not null"
    if t.kind in ("u32", "u64"):
        return integer_misfit(value, t.min, t.max)
    if t.kind == "wide":
        return integer_misfit(value, I64_MIN, t.max)
    if t.kind == "text":
        return text_misfit(value, t.min, t.max)
    if t.kind == "id":
        if isinstance(value, str):
            return text_misfit(value, t.text_min, t.text_max)
        return integer_misfit(value, t.min, t.max)
    if t.kind == "bool":
        return None if isinstance(value, bool) else f"{value!r} is not a boolean"
    if t.kind == "enum":
        return None if value in t.choices else f"{value!r} is not one of {', '.join(t.choices)}"
    if t.kind in ("array", "bulk"):
        if not isinstance(value, list) or not t.min <= len(value) <= t.max:
            return "not an array of the right length"
        return next((f"[{i}]: {m}" for i, v in enumerate(value) if (m := misfit(v, t.item))), None)
    return object_misfit(value, t)


def object_misfit(value, t):
    if t.kind == "variant":
        fits = [c for c in t.choices if misfit(value, c) is None]
        return None if len(fits) == 1 else f"fits {len(fits)} of the alternatives"
    if not isinstance(value, dict):
        return f"{value!r} is not an object"
    if t.kind == "map":
        return next((f"{k}: {m}" for k, v in value.items() if (m := misfit(v, t.item))), None)
    fields = {f.name: f for f in t.fields}
    for name, field in fields.items():
        if field.required and name not in value:
            return f"`{name}` is missing"
    if t.kind != "raw" and (unknown := [k for k in value if k not in fields]):
        return f"`{unknown[0]}` is not a property"
    return next((f"{k}: {m}" for k, v in value.items() if k in fields and (m := misfit(v, fields[k].type))), None)
