#!/usr/bin/python3
"""protoc plugin: from .proto files to the tables of the RPC engine.

Parameters (--kvindex_out=PARAMETERS:FOLDER), separated by commas:
    name=NAME               prefix of the output files and of the schema object
    twin=PACKAGE/PACKAGE    the first package has the second's wire format (checked) and shares its types and handlers
"""

import sys

from google.protobuf.compiler import plugin_pb2

from proto_emit import emit
from proto_model import Model, SchemaError


def parse_parameters(text):
    name, twins = None, []
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        if key == "name" and value.isidentifier():
            name = value
        elif key == "twin" and value.count("/") == 1:
            twins.append(tuple(value.split("/")))
        else:
            raise SchemaError(("parameter", 0), f"`{part}` is not understood")
    if not name:
        raise SchemaError(("parameter", 0), "`name` is missing")
    return name, twins


def main():
    request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    response = plugin_pb2.CodeGeneratorResponse()
    # Announced so that protoc lets such fields through to us: our refusal names file and line.
    response.supported_features = plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    try:
        name, twins = parse_parameters(request.parameter)
        for file_name, text in emit(name, Model(request, twins)).items():
            response.file.add(name=file_name, content=text)
    except SchemaError as error:
        response.error = str(error)
    sys.stdout.buffer.write(response.SerializeToString())


if __name__ == "__main__":
    main()
