#!/usr/bin/python3
"""The API reference of toy schemas is expected.md, and what it cannot show is refused with file and line.

With --accept the expected file is written anew. Exit 77 when protoc, PyYAML or python3-protobuf is missing.
"""

import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
GENERATOR = HERE.parents[2] / "src" / "codegen" / "reference_generate.py"

# (file, what is replaced in it, by what, the error; @ stands for the line of the replacement, @+n for n lines below)
BAD = [
    ("toy.yaml", "servers:", "security: []\nservers:", "toy.yaml:@: `security` is not shown in the reference"),
    ("toy.yaml", "    get:\n", "    trace: {}\n    get:\n", "toy.yaml:@: `trace` in a path is not documented"),
    ("toy.yaml", "      x-always: true\n", "      deprecated: true\n", "toy.yaml:@: `deprecated` is not shown in the reference"),
    ("toy.yaml", "      x-max-body: 1000\n", "      x-max-body: 1000\n      x-slow: 1\n", "toy.yaml:@+1: `x-slow` is not shown in the reference"),
    ("toy.yaml", "in: query, description: Only such.,", "in: query, style: form, description: Only such.,", "toy.yaml:@: `style` is not shown in the reference"),
    ("toy.yaml", "description: Why., type: string", "description: Why., type: string, pattern: a", "toy.yaml:@: `pattern` is not shown in the reference"),
    ("toy.yaml", "type: integer, minimum: 0, maximum: 10}\n    Totals", "type: integer, multipleOf: 5, minimum: 0, maximum: 10}\n    Totals", "toy.yaml:@: `multipleOf` is not shown in the reference"),
    ("toy.yaml", "    Part:\n", "    'Types of REST':\n      description: A name.\n      type: object\n    Part:\n", "two headings have the address #types-of-rest"),
    ("toy.proto", "@max_items=1", "@max_words=1", "toy.proto:@+1: tag `@max_words` is not shown in the reference"),
    ("toy.proto", "message Things {\n", "message Things {\n  // In it.\n  message Inner {}\n", "toy.proto:@: types inside messages are not shown in the reference"),
]  # fmt: skip


def generate(folder):
    """(exit code, complaint, page) for the toy schemas in a folder."""
    descriptors, page = folder / "descriptors", folder / "page.md"
    subprocess.run(
        ["protoc", f"-I{folder}", "--include_source_info", f"--descriptor_set_out={descriptors}", "toy.proto"], check=True
    )
    result = subprocess.run(
        [sys.executable, "-B", GENERATOR, folder / "toy.yaml", descriptors, "toy.v1", page], capture_output=True, text=True
    )
    return result.returncode, result.stderr.strip(), page.read_text(encoding="utf-8") if page.exists() else None


def check_good(folder, accept):
    for name in ("toy.yaml", "toy.proto"):
        shutil.copy(HERE / name, folder)
    status, complaint, page = generate(folder)
    if status:
        return [complaint]
    expected = HERE / "expected.md"
    if accept:
        expected.write_text(page, encoding="utf-8")
    return [] if expected.read_text(encoding="utf-8") == page else [f"the page differs from {expected}"]


def check_bad(folder, name, old, new, text):
    for each in ("toy.yaml", "toy.proto"):
        shutil.copy(HERE / each, folder)
    toy = (HERE / name).read_text(encoding="utf-8")
    if toy.count(old) < 1:
        return [f"{name} lacks {old!r}"]
    (folder / name).write_text(toy.replace(old, new, 1), encoding="utf-8")
    line = toy[: toy.index(old)].count("\n") + 1
    text = text.replace("@+1:", f"{line + 1}:").replace("@:", f"{line}:")
    status, complaint, page = generate(folder)
    return [] if (status, complaint, page) == (1, text, None) else [f"{new!r}:\n  want {text}\n  got  {complaint}"]


def missing_tools():
    missing = [] if shutil.which("protoc") else ["protoc (protobuf-compiler)"]
    for module, package in (("yaml", "python3-yaml"), ("google.protobuf", "python3-protobuf")):
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            found = None
        missing += [] if found else [f"{module} ({package})"]
    return missing


def main():
    if missing := missing_tools():
        print(f"SKIPPED: {', '.join(missing)} is missing", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as folder:
        problems = check_good(pathlib.Path(folder), "--accept" in sys.argv)
    for row in BAD:
        with tempfile.TemporaryDirectory() as folder:
            problems += check_bad(pathlib.Path(folder), *row)
    for problem in problems:
        print(problem)
    print(f"{len(BAD)} bad schemas, 1 good pair, {len(problems)} faults")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
