#!/usr/bin/python3
"""Reads a FileDescriptorSet and writes it without its services.

protoc-c would print stubs of its own RPC for them, which nothing uses and which do not compile for a method named
like a C keyword (Register).
"""

import sys

from google.protobuf.descriptor_pb2 import FileDescriptorSet

SERVICE = 6  # the number of FileDescriptorProto.service, which begins the paths of its comments

files = FileDescriptorSet.FromString(sys.stdin.buffer.read())
for file in files.file:
    file.ClearField("service")
    kept = [l for l in file.source_code_info.location if not l.path or l.path[0] != SERVICE]
    del file.source_code_info.location[:]
    file.source_code_info.location.extend(kept)
sys.stdout.buffer.write(files.SerializeToString(deterministic=True))
