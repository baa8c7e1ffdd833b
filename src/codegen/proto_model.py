"""Reads a protoc CodeGeneratorRequest into the model that proto_emit.py prints.

Whatever the generated tables cannot express is refused here, with file and line: see `SchemaError`. Files of the
packages `grpc.*` are the standard services; they carry no tags and no prose of ours, so only their structure is
checked.
"""

import re

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

# Field numbers in descriptor.proto that make up the paths of SourceCodeInfo.
FILE_MESSAGE, FILE_ENUM, FILE_SERVICE, FILE_EXTENSION, FILE_SYNTAX = 4, 5, 6, 7, 12
MESSAGE_FIELD, MESSAGE_NESTED, MESSAGE_ENUM, MESSAGE_EXTENSION, MESSAGE_ONEOF = 2, 3, 4, 6, 8
ENUM_VALUE, SERVICE_METHOD = 2, 2

FIELDS_MAX = 64  # of one message in a request; the engine's nesting and tables are sized for small messages
DEPTH_MAX = 8  # messages inside messages in a request: the engine's error paths have this many steps

# Ranges that a limit may have: those of the types, but for what C cannot write as a 64-bit literal.
INTEGERS = {
    Field.TYPE_INT32: (-(2**31), 2**31 - 1),
    Field.TYPE_SINT32: (-(2**31), 2**31 - 1),
    Field.TYPE_SFIXED32: (-(2**31), 2**31 - 1),
    Field.TYPE_UINT32: (0, 2**32 - 1),
    Field.TYPE_FIXED32: (0, 2**32 - 1),
    Field.TYPE_INT64: (-(2**63) + 1, 2**63 - 1),
    Field.TYPE_SINT64: (-(2**63) + 1, 2**63 - 1),
    Field.TYPE_SFIXED64: (-(2**63) + 1, 2**63 - 1),
    Field.TYPE_UINT64: (0, 2**63 - 1),  # limits are kept as signed 64-bit numbers
    Field.TYPE_FIXED64: (0, 2**63 - 1),
}
SIZED = (Field.TYPE_STRING, Field.TYPE_BYTES)


class SchemaError(Exception):
    """One reason to refuse the schema; `str()` is "file:line: what is wrong"."""

    def __init__(self, place, text):
        super().__init__(f"{place[0]}:{place[1]}: {text}")


class Source:
    """Comments and line numbers of one file."""

    def __init__(self, file):
        self.name = file.name
        self.locations = {tuple(l.path): l for l in file.source_code_info.location}

    def place(self, path):
        location = self.locations.get(tuple(path))
        return self.name, location.span[0] + 1 if location else 1

    def comment(self, path):
        location = self.locations.get(tuple(path))
        return location.leading_comments if location else ""


def parse_tags(source, path, what, allowed):
    """The tags of a leading comment as {name: value}; True for those without one. Also demands prose."""
    tags, prose = {}, False
    place = source.place(path)
    for line in source.comment(path).splitlines():
        line = line.strip()
        if not line.startswith("@"):
            prose = prose or bool(line)
            continue
        for word in line.split():
            match = re.fullmatch(r"@([a-z_]+)(?:=(-?[0-9]+))?", word)
            if not match:
                raise SchemaError(place, f"{what}: `{word}` is not a tag")
            name, value = match.groups()
            if name not in allowed:
                raise SchemaError(place, f"{what}: tag `@{name}` is not known here")
            if name in tags:
                raise SchemaError(place, f"{what}: tag `@{name}` is given twice")
            if (name == "required") != (value is None):
                raise SchemaError(place, f"{what}: tag `@{name}` " + ("takes no value" if value else "needs a value"))
            tags[name] = True if value is None else int(value)
    if not prose:
        raise SchemaError(place, f"{what} has no comment")
    for name, value in tags.items():
        if name.startswith("max_") and not 1 <= value < 2**31:
            raise SchemaError(place, f"{what}: `@{name}` must be from 1 to 2147483647")
    return tags


class FieldModel:
    def __init__(self, proto, tags, place):
        self.proto, self.tags, self.place = proto, tags, place
        self.message = None  # the MessageModel of a message-typed field

    @property
    def repeated(self):
        return self.proto.label == Field.LABEL_REPEATED


class MessageModel:
    def __init__(self, full_name, file_name, place, is_map):
        self.full_name, self.file_name, self.place, self.is_map = full_name, file_name, place, is_map
        self.fields = []  # in order of their numbers, as protoc-c sorts them
        self.required_oneofs = []


class MethodModel:
    def __init__(self, service, proto, place):
        self.service, self.name, self.place = service, proto.name, place
        self.request_name, self.response_name = proto.input_type[1:], proto.output_type[1:]
        self.client_streaming, self.server_streaming = proto.client_streaming, proto.server_streaming

    @property
    def kind(self):
        if self.client_streaming:
            return "BIDI"
        return "SERVER_STREAM" if self.server_streaming else "UNARY"


class ServiceModel:
    def __init__(self, package, name, standard):
        self.package, self.name, self.standard = package, name, standard
        self.methods, self.max_message_bytes = [], 0
        self.twin = None  # the service with the same wire format that lends its types and handlers

    @property
    def full_name(self):
        return f"{self.package}.{self.name}"


def check_number_tags(field, what, place, tags):
    low, high = INTEGERS[field.type]
    for name in ("min", "max"):
        if name in tags and not low <= tags[name] <= high:
            raise SchemaError(place, f"{what}: `@{name}={tags[name]}` is not in the range of its type")
    if tags.get("min", low) > tags.get("max", high):
        raise SchemaError(place, f"{what}: `@min` is above `@max`")


def field_tags(source, path, full_name, field):
    """Only tags that mean something for the field's type are allowed."""
    what, place = f"field `{full_name}.{field.name}`", source.place(path)
    allowed = set()
    repeated = field.label == Field.LABEL_REPEATED
    if repeated:
        allowed |= {"required", "max_items"}
    if field.type in SIZED:
        allowed |= {"required", "max_bytes"}
    elif field.type == Field.TYPE_MESSAGE:
        allowed |= {"required"}
    elif field.type in INTEGERS and not repeated:
        allowed |= {"min", "max"}
    tags = parse_tags(source, path, what, allowed)
    if "required" in tags and field.HasField("oneof_index"):
        raise SchemaError(place, f"{what}: `@required` belongs on the oneof")
    if field.type in INTEGERS:
        check_number_tags(field, what, place, tags)
    return tags


class Model:
    """All files of one run. `services` are those to serve, `messages` all message types by full name."""

    def __init__(self, request, twins):
        self.files = list(request.proto_file)
        self.by_name = {f.name: f for f in self.files}
        self.messages, self.services, self.symbols = {}, [], {}
        generate = set(request.file_to_generate)
        for file in self.files:
            self.read_file(file, file.name in generate)
        for message in self.messages.values():
            for field in message.fields:
                if field.proto.type == Field.TYPE_MESSAGE:
                    field.message = self.messages[field.proto.type_name[1:]]
        for service in self.services:
            self.check_service(service)
        self.apply_twins(twins)

    # ---- Reading ----

    def read_file(self, file, generate):
        standard = file.package.startswith("grpc.")
        source = Source(file)
        if file.syntax != "proto3":
            raise SchemaError(source.place([FILE_SYNTAX]), "only proto3 is supported")
        if file.extension:
            raise SchemaError(source.place([FILE_EXTENSION, 0]), "extensions are not supported")
        for i, message in enumerate(file.message_type):
            self.read_message(source, file, [FILE_MESSAGE, i], file.package, message, standard)
        for i, enum in enumerate(file.enum_type):
            self.read_enum(source, file, [FILE_ENUM, i], file.package, enum, standard)
        for i, service in enumerate(file.service):
            self.symbols[f"{file.package}.{service.name}"] = file.name
            if generate:
                self.read_service(source, file, [FILE_SERVICE, i], service, standard)

    def read_message(self, source, file, path, scope, proto, standard):
        full_name = f"{scope}.{proto.name}"
        self.symbols[full_name] = file.name
        model = MessageModel(full_name, file.name, source.place(path), proto.options.map_entry)
        self.messages[full_name] = model
        if not standard and not model.is_map:
            parse_tags(source, path, f"message `{full_name}`", ())
        if proto.extension:
            raise SchemaError(source.place(path + [MESSAGE_EXTENSION, 0]), "extensions are not supported")
        for i, field in enumerate(proto.field):
            self.read_field(source, path + [MESSAGE_FIELD, i], model, field, standard)
        model.fields.sort(key=lambda f: f.proto.number)
        for i, oneof in enumerate(proto.oneof_decl):
            if not standard:
                what = f"oneof `{full_name}.{oneof.name}`"
                if "required" in parse_tags(source, path + [MESSAGE_ONEOF, i], what, ("required",)):
                    model.required_oneofs.append(oneof.name)
        for i, nested in enumerate(proto.nested_type):
            self.read_message(source, file, path + [MESSAGE_NESTED, i], full_name, nested, standard)
        for i, enum in enumerate(proto.enum_type):
            self.read_enum(source, file, path + [MESSAGE_ENUM, i], full_name, enum, standard)

    def read_field(self, source, path, model, field, standard):
        place = source.place(path)
        what = f"field `{model.full_name}.{field.name}`"
        if field.proto3_optional:
            raise SchemaError(place, f"{what}: proto3 optional is not supported; use a oneof with one member")
        if field.type == Field.TYPE_GROUP:
            raise SchemaError(place, f"{what}: groups are not supported")
        bare = standard or model.is_map
        tags = {} if bare else field_tags(source, path, model.full_name, field)
        model.fields.append(FieldModel(field, tags, place))

    def read_enum(self, source, file, path, scope, enum, standard):
        self.symbols[f"{scope}.{enum.name}"] = file.name
        if standard:
            return
        parse_tags(source, path, f"enum `{scope}.{enum.name}`", ())
        for i, value in enumerate(enum.value):
            parse_tags(source, path + [ENUM_VALUE, i], f"enum value `{value.name}`", ())

    def read_service(self, source, file, path, proto, standard):
        service = ServiceModel(file.package, proto.name, standard)
        what = f"service `{service.full_name}`"
        if not standard:
            tags = parse_tags(source, path, what, ("max_message_bytes",))
            if "max_message_bytes" not in tags:
                raise SchemaError(source.place(path), f"{what} has no `@max_message_bytes`")
            service.max_message_bytes = tags["max_message_bytes"]
        for i, method in enumerate(proto.method):
            place = source.place(path + [SERVICE_METHOD, i])
            model = MethodModel(service, method, place)
            if not standard:
                parse_tags(source, path + [SERVICE_METHOD, i], f"rpc `{service.full_name}.{method.name}`", ())
            if model.client_streaming and not model.server_streaming:
                raise SchemaError(place, f"rpc `{method.name}`: client streaming without answers is not supported")
            service.methods.append(model)
        self.services.append(service)

    # ---- Checks that need the whole model ----

    def check_service(self, service):
        for method in service.methods:
            self.check_request(self.messages[method.request_name], service.standard, [])

    def check_request(self, message, standard, above):
        if message in above:
            raise SchemaError(message.place, f"message `{message.full_name}` contains itself; a request must not")
        if len(above) == DEPTH_MAX:
            raise SchemaError(message.place, f"message `{message.full_name}` is nested more than {DEPTH_MAX} deep")
        if len(message.fields) > FIELDS_MAX:
            raise SchemaError(message.place, f"message `{message.full_name}` has more than {FIELDS_MAX} fields")
        for field in message.fields:
            what = f"field `{message.full_name}.{field.proto.name}`"
            if field.message and field.message.is_map:
                raise SchemaError(field.place, f"{what}: maps are not supported in requests")
            if not standard and field.repeated and "max_items" not in field.tags:
                raise SchemaError(field.place, f"{what} is part of a request and has no `@max_items`")
            if not standard and field.proto.type in SIZED and "max_bytes" not in field.tags:
                raise SchemaError(field.place, f"{what} is part of a request and has no `@max_bytes`")
            if field.message:
                self.check_request(field.message, standard, above + [message])

    def request_messages(self):
        """Every message inside a request, inner ones first."""
        ordered = {}

        def visit(message):
            for field in message.fields:
                if field.message:
                    visit(field.message)
            ordered.setdefault(message.full_name, message)

        for service in self.services:
            if not service.twin:
                for method in service.methods:
                    visit(self.messages[method.request_name])
        return list(ordered.values())

    def dependencies(self, file_name):
        """The file itself and everything it imports, each once, the file first."""
        found, todo = [], [file_name]
        while todo:
            name = todo.pop(0)
            if name not in found:
                found.append(name)
                todo.extend(self.by_name[name].dependency)
        return found

    # ---- Twins: packages with the same wire format share types and handlers ----

    def apply_twins(self, twins):
        for alias, original in twins:
            pairs = [(s, o) for s in self.services for o in self.services
                     if s.package == alias and o.package == original and s.name == o.name]
            if not pairs:
                raise SchemaError(("twin", 0), f"`{alias}` and `{original}` have no service in common")
            for service, other in pairs:
                self.check_twin(service, other)
                service.twin = other

    def check_twin(self, service, other):
        def normal(package):
            files = [f for f in self.files if f.package == package]
            parts = []
            for file in files:
                for item in list(file.message_type) + list(file.enum_type) + list(file.service):
                    parts.append(str(item).replace(f".{package}.", ".PACKAGE."))
            return sorted(parts)

        if normal(service.package) != normal(other.package):
            raise SchemaError(("twin", 0), f"`{service.package}` and `{other.package}` differ on the wire")
