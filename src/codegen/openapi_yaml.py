"""YAML with line numbers: what the OpenAPI generator reads.

Every mapping and list remembers the line of each entry, so that each complaint names file and line. Duplicate keys,
anchors' merge keys, dates and other YAML magic are refused.
"""

import re
import sys

import yaml


class ModelError(Exception):
    """A fault in the document: shown as file:line: text."""


class Map(dict):
    """A mapping; `line` is its own line, `lines[key]` the line of a key."""

    def __init__(self, line):
        super().__init__()
        self.line, self.lines = line, {}


class List(list):
    """A list; `line` is its own line, `lines[i]` the line of an item."""

    def __init__(self, line):
        super().__init__()
        self.line, self.lines = line, []


class Document:
    """The file's content and how to complain about it."""

    def __init__(self, path):
        self.path = path
        self.name = path.rsplit("/", 1)[-1]
        try:
            with open(path, encoding="utf-8") as f:
                node = yaml.compose(f, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as e:
            raise self.error(e.problem_mark.line + 1 if e.problem_mark else 1, f"not YAML: {e.problem}") from e
        if not isinstance(node, yaml.MappingNode):
            raise self.error(1, "the document must be a mapping")
        self.root = self.build(node)

    def error(self, line, text):
        return ModelError(f"{self.name}:{line}: {text}")

    def build(self, node):
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return self.build_map(node, line)
        if isinstance(node, yaml.SequenceNode):
            result = List(line)
            for item in node.value:
                result.append(self.build(item))
                result.lines.append(item.start_mark.line + 1)
            return result
        return self.scalar(node, line)

    def build_map(self, node, line):
        result = Map(line)
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            if key_node.tag != "tag:yaml.org,2002:str":
                raise self.error(key_line, f"key `{key_node.value}` is not a string: quote it")
            if key_node.value in result:
                raise self.error(key_line, f"key `{key_node.value}` appears twice")
            result[key_node.value] = self.build(value_node)
            result.lines[key_node.value] = key_line
        return result

    def scalar(self, node, line):
        kind = node.tag.rsplit(":", 1)[-1]
        if kind == "str":
            return node.value
        if kind == "int" and re.fullmatch(r"-?(0|[1-9][0-9]*)", node.value):
            return int(node.value)
        if kind == "bool" and node.value in ("true", "false"):
            return node.value == "true"
        if kind == "null" and node.value == "null":
            return None
        raise self.error(line, f"`{node.value}` is neither text, integer, true, false nor null: quote it")


def die(error):
    print(error, file=sys.stderr)
    sys.exit(1)
