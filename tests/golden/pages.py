#!/usr/bin/env python3
"""The pages agree with the repository: links lead somewhere, flags and metrics exist, and the migration page has the table of
differences that tests/conformance proves. Exit 1 with page: what is wrong."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src" / "codegen"))

from reference_markdown import slug  # noqa: E402

PAGES = ["README.md", "clients/README.md", "tools/OPERATING.md", "src/README.md", "src/ingest/README.md", "openapi/MIGRATION.md", "gen/API.md"]
FLAGS_OF = ["README.md", "clients/README.md", "tools/OPERATING.md", "src/ingest/README.md"]
FLAGS_IN = ["src/main.c", "tools/kvindexctl/options.c", "src/base/options.c"]
FOREIGN_FLAGS = {"--kv-events-config", "--test-dir", "--check"}  # vLLM's, ctest's, clients/generate's
NO_METRICS = {"client"}  # the Python package
METRICS_IN = ["src/base/include/base/metrics_table.h", "src/base/metrics.c", "src/service/metrics_page.c"]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def prose(page):
    """Without the blocks in fences, where brackets are JSON."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.M | re.S)


def anchors(name):
    return {slug(title) for title in re.findall(r"^#+ (.*)$", prose(read(name)), flags=re.M)}


def links(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(read(name))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        if not file.exists():
            yield f"{name}: no {target}"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.resolve().relative_to(ROOT)):
            yield f"{name}: no heading for {target}"


def flags(name):
    known = set(re.findall(r'\{"([a-z][a-z-]*)"', "".join(map(read, FLAGS_IN)))) | {"config", "help"}
    for flag in sorted(set(re.findall(r"(?<=[`\s\[])--[a-z][a-z-]*[a-z](?![-\w])", read(name))) - FOREIGN_FLAGS):
        if flag[2:] not in known:
            yield f"{name}: no flag {flag}"


def metrics(name):
    sources = "".join(map(read, METRICS_IN))
    for metric in sorted(set(re.findall(r"\bkvindex_([a-z_]+[a-z])\b(?![*(])", prose(read(name)))) - NO_METRICS):
        if f'"{metric}"' not in sources and f"kvindex_{metric}" not in sources:
            yield f"{name}: no metric kvindex_{metric}"


def differences():
    page = read("openapi/MIGRATION.md")
    shown = re.search(r"<!-- differences: begin .*?-->\n(.*?)<!-- differences: end -->", page, flags=re.S)
    table = subprocess.run([sys.executable, "-B", ROOT / "tests/conformance/table.py"], capture_output=True, text=True, check=True)
    if not shown or shown[1] != table.stdout:
        yield "openapi/MIGRATION.md: the table of differences is not what tests/conformance/table.py prints"


def main():
    problems = [p for name in PAGES for p in links(name)]
    problems += [p for name in FLAGS_OF for p in flags(name)]
    problems += [p for name in ("README.md", "clients/README.md", "tools/OPERATING.md", "openapi/MIGRATION.md") for p in metrics(name)]
    problems += differences()
    for problem in problems:
        print(problem)
    print(f"{len(PAGES)} pages, {len(problems)} faults")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
