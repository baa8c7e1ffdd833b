#!/usr/bin/env python3
"""Writes the API reference for people: reference_generate.py DOCUMENT.yaml DESCRIPTORS PACKAGE OUTPUT.md

DESCRIPTORS is what protoc --descriptor_set_out --include_source_info made, PACKAGE the package to show. Needs PyYAML and
python3-protobuf. Exit 1 with file:line for what the reference cannot show; then nothing is written. The same
schemas always give the same bytes.
"""

import sys

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from openapi_yaml import Document, ModelError
from proto_model import SchemaError
from reference_grpc import Grpc
from reference_markdown import Page, PageError, plain, table
from reference_rest import Rest

INTRODUCTION = """\
Generated from the schemas, [openapi/kvindex.v1.yaml](../openapi/kvindex.v1.yaml) and
[proto/kvindex/v1/kvindex.proto](../proto/kvindex/v1/kvindex.proto), by `ninja regen`: change those. A running daemon serves them
at `/openapi.json` and by gRPC reflection. How to use them: [for authors of routers](../clients/README.md),
[for users of other indexers](../openapi/MIGRATION.md)."""


def operations(rest, grpc, page):
    """The table of all operations, under their one name."""
    rows, named = [], set()
    for name, method, path, node in rest.operations:
        named.add(name)
        rpc = page.link(name, f"rpc {name}") if name in grpc.methods else ""
        rows.append([page.link(f"{method} {path}", f"{method} {path}"), rpc, plain(node["summary"])])
    for name in grpc.methods:
        if name not in named:
            rows.append(["", page.link(name, f"rpc {name}"), grpc.summary(name)])
    return table(["REST", "gRPC", ""], rows)


def reference(document, descriptors, package):
    page = Page()
    rest, grpc = Rest(document, page), Grpc(descriptors, package, page)
    page.heading(1, "API reference")
    page.add(INTRODUCTION)
    page.add(operations(rest, grpc, page))
    rest.write()
    grpc.write()
    return page.text()


def main(arguments):
    if len(arguments) != 4:
        print(__doc__.split("\n", maxsplit=1)[0], file=sys.stderr)
        return 2
    document, descriptors, package, output = arguments
    try:
        with open(descriptors, "rb") as f:
            text = reference(Document(document), FileDescriptorSet.FromString(f.read()), package)
    except (ModelError, SchemaError, PageError) as e:
        print(e, file=sys.stderr)
        return 1
    with open(output, "w", encoding="utf-8", newline="\n") as f:
        f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
