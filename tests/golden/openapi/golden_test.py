#!/usr/bin/env python3
"""The OpenAPI generator: a toy document gives the expected files, each bad document the expected error line.

With --accept the expected files are written anew. Exit 77: PyYAML is missing.
"""

import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
GENERATOR = HERE.parents[2] / "src" / "codegen" / "openapi_generate.py"

# (what is replaced in toy.yaml, by what, the error; @ stands for the line of the replacement, @+n for n lines below)
BAD = [
    ("openapi: 3.1.0", "openapi: 3.0.3", "@: only OpenAPI 3.1 is implemented"),
    ("servers:", "webhooks: {}\nservers:", "@: `webhooks` in the document is not implemented"),
    ("      x-max-body: 1000\n", "", "@+0: `requestBody` needs `x-max-body` beside it"),
    ("      x-always: true\n", "      parameters: []\n", "@: `parameters` in an operation is not implemented"),
    ("      x-always: true\n", "      security: []\n", "@: `security` in an operation is not implemented"),
    ("      x-always: true\n", "      x-always: 1\n", "@: `x-always` must be true or false"),
    ("      x-always: true\n", "      x-stream: true\n", "@+1: `x-stream` is for answers that are arrays"),
    ("  /page:", "  /page/{id}:", "@: path `/page/{id}`: only fixed segments of letters, digits, `_`, `-`, `.` are implemented"),
    ("  /page:\n    get:", "  /page:\n    trace:", "@+1: `trace` in a path is not implemented"),
    ("operationId: GetPage", "operationId: ListThings", "@: operationId `ListThings` appears twice"),
    ("operationId: GetPage", "operationId: get_page", "@: `operationId` must be a name in CamelCase"),
    ("summary: A page", "summary: ''", "@: `summary` is empty"),
    ("        '200':\n          description: The page.", "        default:\n          description: The page.", "@: status `default` is not implemented"),
    ("        '200':\n          description: The page.", "        200:\n          description: The page.", "@: key `200` is not a string: quote it"),
    ("            text/plain:", "            text/html: {schema: {}}\n            text/plain:", "@-1: `content` must name exactly one media type"),
    ("            example: {id: 7, numbers: [1, 2]}", "            example: {id: 7, numbers: []}", "@: the example does not fit its schema: numbers: not an array of the right length"),
    ("            example: {id: 7, numbers: [1, 2]}", "            example: {numbers: [1]}", "@: the example does not fit its schema: `id` is missing"),
    ("              example: {total: 1, by_name: {a: 1}}", "              example: {total: 1, by_name: {a: -1}}", "@: the example does not fit its schema: fits 0 of the alternatives"),
    ("              example: [{colour: red, size: null}]\n", "", "@-2: an `example` is missing"),
    ("      examples: [1, a]", "      examples: [1.5]", "@: `1.5` is neither text, integer, true, false nor null: quote it"),
    ("      examples: [1, a]", "      examples: [1, abcdefghij]", "@: the example does not fit its schema: 'abcdefghij' does not have 1..9 characters"),
    ("    Page: {description: Text., type: string}", "    Page: {type: string}", "@: a description is missing"),
    ("    Page: {description: Text., type: string}", "    Page: {description: Text., type: string, pattern: a}", "@: keyword `pattern` is not implemented"),
    ("    Page: {description: Text., type: string}", "    Page: {description: Text., type: string, minimum: 1}", "@: keyword `minimum` does not fit type `string`"),
    ("    Page: {description: Text., type: string}", "    Page: {description: Text., type: number}", "@: type `number` is not implemented"),
    ("    Page: {description: Text., type: string}", "    Page: {description: Text., type: string}\n    Spare: {description: Text., type: string}", "@+1: `Spare` is never used"),
    ("    Page: {description: Text., type: string}", "    Page: {description: Text., type: string}\n    Page: {description: Text., type: string}", "@+1: key `Page` appears twice"),
    ("type: [string, 'null'], maxLength: 20", "type: [string, integer], maxLength: 20", "@: type `['string', 'integer']` is not implemented"),
    ("type: [string, 'null'], maxLength: 20", "type: string", "@: request field `note` needs `maxLength`"),
    ("type: [string, 'null'], maxLength: 20", "type: object, additionalProperties: {$ref: '#/components/schemas/Count'}", "@: request field `note`: type `map` is not implemented in requests"),
    ("type: boolean}", "type: boolean, default: true}", "@: a default for type `bool` is not implemented"),
    ("      required: [id]", "      required: [id, nobody]", "@: `required` names `nobody`, which is not a property"),
    ("      required: [id]", "      required: [id, rank]", "@: `rank` is required and has a default"),
    ("default: 3}", "default: -3}", "@: the default does not fit its schema: -3 is not in 0..4294967295"),
    ("$ref: '#/components/schemas/Count', default: 3", "$ref: '#/components/schemas/Nobody'", "@: no schema `Nobody`"),
    ("$ref: '#/components/schemas/Count', default: 3", "$ref: 'other.yaml#/Count'", "@: `$ref`: only #/components/schemas/NAME is implemented"),
    ("$ref: '#/components/schemas/Count', default: 3", "$ref: '#/components/schemas/Count', maximum: 3", "@: `maximum` beside `$ref` is not implemented"),
    ("          x-bulk: true\n          minItems: 1\n          maxItems: 100", "          x-bulk: true", "@-2: an `x-bulk` array needs `maxItems`"),
    ("minimum: -9223372036854775808, maximum", "minimum: -1, maximum", "@: a negative `minimum` is implemented only for -9223372036854775808..18446744073709551615"),
    ("        - $ref: '#/components/schemas/Totals'", "        - {description: Text., type: string}", "@-1: `oneOf` is implemented for an integer or a string, and for named object schemas"),
    ("      oneOf:\n        - $ref: '#/components/schemas/Totals'", "      allOf:\n        - $ref: '#/components/schemas/Totals'", "@: keyword `allOf` is not implemented"),
    ("        things: {description: The things., $ref: '#/components/schemas/Things'}", "        things: {description: The things., $ref: '#/components/schemas/Answer'}", "@: schema `Answer` contains itself: recursive schemas are not implemented"),
    ("minimum: 1, maximum: 5}", "maximum: 5}", "@: an integer needs `minimum`"),
    ("minimum: 1, maximum: 5}", "minimum: 6, maximum: 5}", "@: `minimum` 6 is above `maximum` 5"),
    ("enum: [red, dark-blue]", "enum: [red, red]", "@: `enum` names a value twice"),
    ("        colour: {", "        '2nd': {description: No., type: boolean}\n        colour: {", "@: property `2nd` cannot be a name in C"),
    ("additionalProperties: {$ref", "properties: {}, additionalProperties: {$ref", "@: `properties` beside `additionalProperties` is not implemented"),
    ("maximum: 60, default: 5}", "maximum: 60}", "@: the header needs a `default`: the value that is sent"),
    ("        error: {description: Why., type: string}", "        why: {description: Why., type: string}", "@-2: `required` names `error`, which is not a property"),
    ("        error: {description: Why., type: string}", "        error: {description: Why., type: string}\n        more: {description: More., type: boolean}", "@-54: an error must be JSON with the one text field `error`"),
]  # fmt: skip


def generate(document, out):
    return subprocess.run([sys.executable, GENERATOR, document, out], capture_output=True, text=True)


def expected_error(toy, old, text):
    line = toy[: toy.index(old)].count("\n") + 1
    place, message = text.split(": ", 1)
    return f"bad.yaml:{line + int(place[1:] or 0)}: {message}"


def check_bad(toy, folder):
    faults = 0
    for old, new, text in BAD:
        if toy.count(old) < 1:
            raise SystemExit(f"toy.yaml lacks {old!r}")
        document = folder / "bad.yaml"
        document.write_text(toy.replace(old, new, 1), encoding="utf-8")
        result = generate(document, folder / "out")
        good = result.returncode == 1 and result.stderr.strip() == expected_error(toy, old, text)
        if not good or (folder / "out").exists():
            print(f"FAILED {new!r}\n  got      {result.stderr.strip()}\n  expected {text}")
            faults += 1
    return faults


def check_good(folder, accept):
    faults = 0
    result = generate(HERE / "toy.yaml", folder / "good")
    if result.returncode:
        raise SystemExit(result.stderr)
    for path in sorted((folder / "good").iterdir()):
        golden, text = HERE / "expected" / path.name, path.read_text(encoding="utf-8")
        if accept:
            golden.write_text(text, encoding="utf-8")
        if not golden.exists() or golden.read_text(encoding="utf-8") != text:
            print(f"FAILED {path.name} differs from {golden}")
            faults += 1
    return faults


def main():
    try:
        import yaml  # noqa: F401
    except ImportError:
        print("SKIPPED: the OpenAPI generator needs PyYAML (python3-yaml), which is not installed", file=sys.stderr)
        return 77
    toy = (HERE / "toy.yaml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        faults = check_good(folder, "--accept" in sys.argv) + check_bad(toy, folder)
    print(f"{len(BAD)} bad documents, 1 good one, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
