#!/usr/bin/python3
"""Golden tests of the protoc plugin: toy schemas against expected files, bad schemas against the expected error.

The first line of each file in bad/ is `// expect LINE: TEXT`. `--update` writes the expected files anew.
Exit 77 when protoc, protoc-c or python3-protobuf is missing, or of another version.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CODEGEN = HERE.parents[2] / "src" / "codegen"
EXPECTED = HERE / "expected"


def protoc(folder, out, parameters, *files):
    plugin = f"--plugin=protoc-gen-kvindex={CODEGEN / 'protoc_gen_kvindex.py'}"
    return subprocess.run(
        ["protoc", "-I", str(folder), plugin, f"--kvindex_out={parameters}:{out}", *files],
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"})


def check_good(out, update):
    result = protoc(HERE / "good", out, "name=toy", "toy.proto")
    if result.returncode != 0:
        return [f"good/toy.proto: {result.stderr}"]
    # The messages of the toy schema, for the unit test of the engine's rules.
    subprocess.run(["protoc-c", "-I", str(HERE / "good"), f"--c_out={out}", "toy.proto", "shared.proto"], check=True)
    made = {p.name: p.read_text() for p in pathlib.Path(out).iterdir()}
    if update:
        EXPECTED.mkdir(exist_ok=True)
        for name, text in made.items():
            (EXPECTED / name).write_text(text)
    want = {p.name: p.read_text() for p in EXPECTED.glob("[a-z]*")}
    if made.keys() != want.keys():
        return [f"files {sorted(made)}, not {sorted(want)}"]
    return [f"{name} differs from expected/{name}" for name in made if made[name] != want[name]]


def check_bad(path, out):
    line, text = re.match(r"// expect (\d+): (.*)", path.read_text()).groups()
    result = protoc(path.parent, out, "name=toy", path.name)
    want = f"--kvindex_out: {path.name}:{line}: {text}"
    if result.returncode == 0:
        return [f"bad/{path.name} was accepted"]
    return [] if result.stderr.strip() == want else [f"bad/{path.name}:\n  want {want}\n  got  {result.stderr.strip()}"]


def check_parameters(out):
    rows = {"": "`name` is missing", "name=1": "`name=1` is not understood", "name=toy,more": "`more` is not understood",
            "name=toy,twin=a/b": "`a` and `b` have no service in common"}
    problems = []
    for parameters, text in rows.items():
        result = protoc(HERE / "good", out, parameters, "toy.proto")
        if result.returncode == 0 or text not in result.stderr:
            problems.append(f"parameters {parameters!r}: {result.stderr.strip()}")
    return problems


def check_twins(out):
    """The twin of a package must not differ on the wire."""
    folder = pathlib.Path(out) / "twins"
    folder.mkdir()
    toy = "".join((HERE / "good" / "toy.proto").read_text())
    shutil.copy(HERE / "good" / "shared.proto", folder)
    (folder / "one.proto").write_text(toy.replace("toy.v1", "one").replace("Shared shared", "toy.v1.Shared shared"))
    two = toy.replace("toy.v1", "two").replace("Shared shared", "toy.v1.Shared shared")
    problems = []
    for change, fails in ((two, False), (two.replace("sint32 small = 2", "sint32 small = 12"), True)):
        (folder / "two.proto").write_text(change)
        result = protoc(folder, out, "name=toy,twin=two/one", "one.proto", "two.proto")
        if fails != (result.returncode != 0) or (fails and "differ on the wire" not in result.stderr):
            problems.append(f"twins: {result.stderr}")
    return problems


def skip(reason):
    print(f"SKIPPED: {reason}", file=sys.stderr)
    sys.exit(77)


def main():
    for tool, version in (("protoc", "libprotoc 3.21.12"), ("protoc-c", "protobuf-c 1.4.1")):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
        if version not in subprocess.run([tool, "--version"], capture_output=True, text=True).stdout:
            skip(f"{tool} is not {version}, which made the expected files")
    if subprocess.run(["/usr/bin/python3", "-c", "import google.protobuf"], capture_output=True).returncode:
        skip("python3-protobuf is not installed")
    bad = sorted((HERE / "bad").glob("*.proto"))
    problems = [] if len(bad) >= 30 else [f"only {len(bad)} bad schemas were found"]
    with tempfile.TemporaryDirectory() as out:
        problems += check_good(out, "--update" in sys.argv)
        for path in bad:
            problems += check_bad(path, out)
        problems += check_parameters(out) + check_twins(out)
    print("\n".join(problems) or f"1 good and {len(bad)} bad schemas, as expected")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
