"""The gRPC half of the API reference, from the descriptors of proto/ with their comments.

The comments' prose becomes the text and their tags the limits; proto_model.py has refused what lacks either.
"""

import re

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

from proto_model import ENUM_VALUE, FILE_ENUM, FILE_MESSAGE, FILE_SERVICE, FILE_SYNTAX, MESSAGE_FIELD, MESSAGE_ONEOF
from proto_model import SERVICE_METHOD, SchemaError, Source
from reference_markdown import count, number, plain, span, table

LIMITS = {"required", "min", "max", "max_bytes", "max_items", "max_message_bytes"}


def prose_and_tags(comment):
    """A comment's text, and its tags {name: number, or None for those without one}."""
    prose, tags = [], {}
    for line in comment.splitlines():
        if not line.strip().startswith("@"):
            prose.append(line[1:] if line.startswith(" ") else line)
            continue
        for word in line.split():
            name, _, value = word[1:].partition("=")
            tags[name] = int(value) if value else None
    return "\n".join(prose).strip(), tags


def opening(comment):
    """The file's opening comment; its indented list of tags becomes a list inside the list."""
    lines = []
    for line in comment.splitlines():
        line = line[1:] if line.startswith(" ") else line
        match = re.fullmatch(r" +(@.*?)  +(.*)", line)
        lines.append(f"  * `{match[1]}`: {match[2]}" if match else line)
    return "\n".join(lines)


class Grpc:
    def __init__(self, descriptors, package, page):
        self.file = next(f for f in descriptors.file if f.package == package)
        self.source, self.page, self.package = Source(self.file), page, package
        self.methods = [m.name for s in self.file.service for m in s.method]

    def described(self, path):
        """Text and limits of a thing."""
        prose, tags = prose_and_tags(self.source.comment(path))
        for name in tags:
            if name not in LIMITS:
                raise SchemaError(self.source.place(path), f"tag `@{name}` is not shown in the reference")
        return plain(prose), tags

    def summary(self, name):
        """The first sentence about an rpc."""
        for i, service in enumerate(self.file.service):
            for j, method in enumerate(service.method):
                if method.name == name:
                    text = " ".join(self.described([FILE_SERVICE, i, SERVICE_METHOD, j])[0].split())
                    return re.split(r"\.(?= |$)", text)[0]
        return ""

    def write(self):
        page = self.page
        page.heading(2, "gRPC")
        location = self.source.locations.get((FILE_SYNTAX,))
        for comment in [*location.leading_detached_comments, location.leading_comments]:
            page.add(plain(opening(comment)))
        for i, service in enumerate(self.file.service):
            self.service(i, service)
        page.heading(3, "Messages of gRPC")
        for i, message in enumerate(self.file.message_type):
            if message.nested_type or message.enum_type:
                raise SchemaError(self.source.place([FILE_MESSAGE, i]), "types inside messages are not shown in the reference")
            self.message(i, message)
        page.heading(3, "Enums of gRPC")
        for i, enum in enumerate(self.file.enum_type):
            self.enum(i, enum)

    def service(self, i, service):
        text, tags = self.described([FILE_SERVICE, i])
        self.page.heading(3, f"service {self.package}.{service.name}")
        self.page.add(text)
        self.page.add(f"A request has at most {count(tags['max_message_bytes'], 'byte')}.")
        for j, method in enumerate(service.method):
            text, _ = self.described([FILE_SERVICE, i, SERVICE_METHOD, j])
            self.page.heading(4, f"rpc {method.name}")
            asks = ("a stream of " if method.client_streaming else "") + self.type_link(method.input_type)
            answers = ("a stream of " if method.server_streaming else "") + self.type_link(method.output_type)
            self.page.add(f"Takes {asks}, answers {answers}.")
            self.page.add(text)

    def type_link(self, full_name):
        name = full_name.rsplit(".", 1)[1]
        kind = "enum" if any(e.name == name for e in self.file.enum_type) else "message"
        return self.page.link(name, f"{kind} {name}")

    def message(self, i, message):
        text, _ = self.described([FILE_MESSAGE, i])
        self.page.heading(4, f"message {message.name}")
        self.page.add(text)
        rows, oneofs = [], set()
        for j, field in enumerate(message.field):
            if field.HasField("oneof_index") and field.oneof_index not in oneofs:
                oneofs.add(field.oneof_index)
                rows.append(self.oneof_row(i, message, field.oneof_index))
            rows.append(self.field_row([FILE_MESSAGE, i, MESSAGE_FIELD, j], field))
        if rows:
            self.page.add(table(["no.", "field", "type", "limits", "meaning"], rows))

    def oneof_row(self, i, message, index):
        text, tags = self.described([FILE_MESSAGE, i, MESSAGE_ONEOF, index])
        return ["", f"one of `{message.oneof_decl[index].name}`:", "", "required" if "required" in tags else "", text]

    def field_row(self, path, field):
        text, tags = self.described(path)
        kind = self.type_link(field.type_name) if field.type_name else Field.Type.Name(field.type)[len("TYPE_") :].lower()
        if field.label == Field.LABEL_REPEATED:
            kind = "repeated " + kind
        indent = "&emsp;" if field.HasField("oneof_index") else ""
        return [str(field.number), f"{indent}`{field.name}`", kind, self.limits(tags), text]

    def limits(self, tags):
        parts = ["required"] if "required" in tags else []
        if "min" in tags and "max" in tags:
            parts.append(f"{number(tags['min'])} to {number(tags['max'])}")
        elif "min" in tags:
            parts.append(f"at least {number(tags['min'])}")
        elif "max" in tags:
            parts.append(f"at most {number(tags['max'])}")
        for name, unit in (("max_bytes", "byte"), ("max_items", "item")):
            if name in tags:
                parts.append(span(0, tags[name], unit))
        return ", ".join(parts)

    def enum(self, i, enum):
        text, _ = self.described([FILE_ENUM, i])
        self.page.heading(4, f"enum {enum.name}")
        self.page.add(text)
        rows = []
        for j, value in enumerate(enum.value):
            rows.append([str(value.number), f"`{value.name}`", self.described([FILE_ENUM, i, ENUM_VALUE, j])[0]])
        self.page.add(table(["no.", "name", "meaning"], rows))
