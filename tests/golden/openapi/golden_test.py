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
    ("      x-always: true\n", "      parameters: []\n", "@: `parameters` must be a list"),
    ("      x-always: true\n", "      security: []\n", "@: `security` in an operation is not implemented"),
    ("      x-always: true\n", "      x-always: 1\n", "@: `x-always` must be true or false"),
    ("      x-always: true\n", "      x-stream: true\n", "@+1: `x-stream` is for answers that are arrays or maps"),
    ("  /page:", "  /page/{id}:", "@: path `/page/{id}`: only fixed segments of letters, digits, `_`, `-`, `.` are implemented"),
    ("  /page:\n    get:", "  /page:\n    trace:", "@+1: `trace` in a path is not implemented"),
    ("operationId: GetPage", "operationId: ListThings", "@: operationId `ListThings` appears twice"),
    ("operationId: GetPage", "operationId: get_page", "@: `operationId` must be a name in CamelCase"),
    ("summary: A page", "summary: ''", "@: `summary` is empty"),
    ("        '200':\n          description: The page.", "        default:\n          description: The page.", "@: status `default` is not implemented"),
    ("        '200':\n          description: The page.", "        200:\n          description: The page.", "@: key `200` is not a string: quote it"),
    ("            text/plain:", "            text/html: {schema: {}}\n            text/plain:", "@-1: `content` must name exactly one media type, and perhaps application/x-protobuf"),
    ("            example: {id: 7, numbers: [1, 2]}", "            example: {id: 7, numbers: []}", "@: the example does not fit its schema: numbers: not an array of the right length"),
    ("            example: {id: 7, numbers: [1, 2]}", "            example: {numbers: [1]}", "@: the example does not fit its schema: `id` is missing"),
    ("value: {total: 1, by_name: {a: 1}}", "value: {total: 1, by_name: {a: -1}}", "@: the example does not fit its schema: fits 0 of the alternatives"),
    ("              example: {total: 1}\n", "", "@-2: an `example` is missing"),
    ("      examples: [1, a]", "      examples: [1.5]", "@: `1.5` is neither text, integer, true, false nor null: quote it"),
    ("      examples: [1, a]", "      examples: [1, abcdefghij]", "@: the example does not fit its schema: 'abcdefghij' does not have 1..9 bytes"),
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
    ("        - $ref: '#/components/schemas/Totals'", "        - {description: Text., type: string}", "@-1: `oneOf` is implemented for an integer or a string (or null), and for named objects and arrays"),
    ("      oneOf:\n        - $ref: '#/components/schemas/Totals'", "      allOf:\n        - $ref: '#/components/schemas/Totals'", "@: keyword `allOf` is not implemented"),
    ("        things: {description: The things., $ref: '#/components/schemas/Things'}", "        things: {description: The things., $ref: '#/components/schemas/Answer'}", "@: schema `Answer` contains itself: recursive schemas are not implemented"),
    ("minimum: 1, maximum: 5}", "maximum: 5}", "@: an integer needs `minimum`"),
    ("minimum: 1, maximum: 5}", "minimum: 6, maximum: 5}", "@: `minimum` 6 is above `maximum` 5"),
    ("enum: [red, dark-blue]", "enum: [red, red]", "@: `enum` names a value twice"),
    ("        colour: {", "        '2nd': {description: No., type: boolean}\n        colour: {", "@: property `2nd` cannot be a name in C"),
    ("        fast: {", "        default: {", "@: property `default` cannot be a name in C"),
    ("        fast: {", "        fancy_name: {", "@: property `fancy_name` has the name of another one in C"),
    ("additionalProperties: {$ref", "properties: {}, additionalProperties: {$ref", "@: `properties` beside `additionalProperties` is not implemented"),
    ("maximum: 60, default: 5}", "maximum: 60}", "@: the header needs a `default`: the value that is sent"),
    ("        error: {description: Why., type: string}", "        why: {description: Why., type: string}", "@-2: `required` names `error`, which is not a property"),
    ("        error: {description: Why., type: string}", "        error: {description: Why., type: string}\n        more: {description: More., type: boolean}", "@-97: an error must be JSON with the one text field `error`"),
    # dialects
    ("  fancy: The other one.", "  Fancy: The other one.", "@: a dialect is a name in small letters and a description"),
    ("  fancy: The other one.", "  fancy: The other one.\n  a: A.\n  b: B.\n  c: C.", "@-2: `x-dialects` must be a mapping of at most 4 names"),
    ("x-dialects: {fancy: required}", "x-dialects: {loud: required}", "@: no dialect `loud`"),
    ("x-dialects: {fancy: required}", "x-dialects: [fancy]", "@: `x-dialects` must say what the field is in each dialect"),
    ("x-dialects: {fancy: required}", "x-dialects: {fancy: foreign}", "@: `foreign`: a field is optional, required or ignored"),
    ("x-selects: fancy", "x-selects: loud", "@: no dialect `loud`"),
    ("x-selects: fancy", "x-selects: plain", "@: the field is not one of dialect `plain`"),
    ("x-dialects: {fancy: required}, x-selects: fancy", "x-selects: fancy", "@: the field is not one of dialect `fancy`"),
    ("        fancyName: {description: A name., type: string", "        fancyName: {description: A name., type: [string, 'null']", "@: a field that may be null cannot select a dialect"),
    ("$ref: '#/components/schemas/Id'}\n        rank", "$ref: '#/components/schemas/Id', x-dialects: {fancy: optional}}\n        rank", "@-2: `id` is required, but not known in every dialect"),
    ("$ref: '#/components/schemas/Colour'}\n        GPU", "$ref: '#/components/schemas/Colour', x-dialects: {plain: optional, fancy: optional}}\n        GPU", "@: `x-dialects` in an answer"),
    ("maximum: 4294967295}\n    ThingRequest", "maximum: 4294967295, x-dialects: {}}\n    ThingRequest", "@: keyword `x-dialects` is not implemented"),
    # requests
    ("      maxItems: 4\n", "", "@-33: request field `friends` needs `maxItems`"),
    ("      items: {$ref: '#/components/schemas/Friend'}", "      items: {$ref: '#/components/schemas/Count'}", "@-34: request field `friends`: only arrays of objects, or with `x-bulk`, are implemented"),
    ("        rank: {description: Which., $ref: '#/components/schemas/Count', default: 2}", "        name: {description: Name., type: string}", "@: request field `name` needs `maxLength`"),
    ("        rank: {description: Which., $ref: '#/components/schemas/Count', default: 2}", "        more: {description: More., $ref: '#/components/schemas/Things'}", "@: request field `more`: type `array` is not implemented in requests"),
    # parameters
    ("        - name: most", "        - name: colour", "@: parameter `colour` appears twice"),
    ("        - name: most", "        - name: Most", "@: a parameter's name must be made of small letters, digits and `_`"),
    ("          in: query\n          description: At", "          in: header\n          description: At", "@: a parameter in `header` is not implemented"),
    ("          description: At most so many.", "          description: At most so many.\n          required: true", "@+1: `required` in a parameter is not implemented"),
    ("          schema: {$ref: '#/components/schemas/Count'}", "          schema: {$ref: '#/components/schemas/Things'}", "@: parameter `most`: type `array` is not implemented in parameters"),
    ("          schema: {$ref: '#/components/schemas/Count'}", "          schema: {$ref: '#/components/schemas/NullableId'}", "@: parameter `most`: type `id` is not implemented in parameters"),
    ("          schema: {$ref: '#/components/schemas/Count'}", "          schema: {$ref: '#/components/schemas/Count', default: 3}", "@: a default of a parameter is not implemented"),
    ("type: string, maxLength: 5}\n      responses", "type: string}\n      responses", "@-3: parameter `like` needs `maxLength`"),
    ("          example: red", "          example: green", "@: the example does not fit its schema: 'green' is not one of red, dark-blue"),
    ("      x-max-body: 10\n", "      x-max-body: 10\n      parameters: [{}]\n", "@+1: `parameters` beside `requestBody` is not implemented"),
    # examples
    ("                things:\n                  summary: Things\n                  value: {things: []}\n", "", "@-6: no example shows `Things2`"),
    ("              examples:\n                totals:", "              example: {total: 1}\n              examples:\n                totals:", "@+1: `examples` beside `example`"),
    ("summary: An array, value: [{", "value: [{", "@: `summary` is missing in an example"),
    # several statuses, protobuf
    ("        '202':\n          description: Moving.\n          content:\n            application/json:\n              schema: {$ref: '#/components/schemas/Things2'}\n              example: {things: []}", "        '202':\n          description: Moving.\n          content:\n            application/json:\n              schema: {$ref: '#/components/schemas/Totals'}\n              example: {total: 1}", "@: successful statuses need schemas of their own, each an object or an array"),
    ("        '202':\n          description: Moving.\n          content:\n            application/json:\n              schema: {$ref: '#/components/schemas/Things2'}\n              example: {things: []}", "        '202':\n          description: Moving.\n          content:\n            text/plain:\n              schema: {$ref: '#/components/schemas/Page'}", "@: successful answers must all have one media type"),
    ("    Counts: {", "    MoveAnswer: {description: No., type: boolean}\n    Counts: {", "@-96: `MoveAnswer` is the name of a schema and of the answers of Move"),
    ("    Message: {description: Bytes., type: string}", "    Message: {description: Bytes., type: boolean}", "@-156: the schema of application/x-protobuf must be a string"),
    ("              example: {total: 1}", "              example: {total: 1}\n            application/x-protobuf:\n              schema: {description: Bytes., type: string}", "@+2: the schema of a body must be a `$ref` to a named one"),
    ("            application/x-protobuf:\n              schema: {$ref: '#/components/schemas/Message'}\n        '400'", "        '400'", "@-16: a request in application/x-protobuf needs an answer in application/x-protobuf"),
    ("                object: {summary: An object, value: {a: 1}}\n", "                object: {summary: An object, value: {a: 1}}\n            application/x-protobuf:\n              schema: {$ref: '#/components/schemas/Message'}\n", "@-8: `x-stream` in application/x-protobuf is not implemented"),
    # operations, answers and headers, then schemas
    ("      tags: [all]\n      summary: Make", "      tags: [most]\n      summary: Make", "@: no tag `most`"),
    ("  /page:\n    get:\n", "  /empty: {}\n  /page:\n    get:\n", "@: path `/empty` has no operation"),
    ("      x-always: true\n", "      x-always: true\n      x-max-body: 5\n", "@+1: `x-max-body` without `requestBody`"),
    ("      x-always: true\n", "      requestBody: {description: No., required: true, content: {}}\n", "@: `requestBody` of GET is not implemented"),
    ("        description: Where.\n        required: true", "        description: Where.\n        required: false", "@+1: an optional request body is not implemented"),
    ("          application/json:\n            schema: {$ref: '#/components/schemas/MoveRequest'}\n            example: {}", "          text/plain:\n            schema: {$ref: '#/components/schemas/Message'}", "@-1: a request body of type `text/plain` is not implemented"),
    ("schema: {$ref: '#/components/schemas/MoveRequest'}\n            example: {}", "schema: {$ref: '#/components/schemas/Counts'}\n            example: {}", "@-2: a request body must be an object with properties"),
    ("schema: {$ref: '#/components/schemas/Listing'}", "schema: {description: No., type: array, items: {$ref: '#/components/schemas/Thing'}}", "@: the schema of a body must be a `$ref` to a named one"),
    ("              examples:\n                array: {summary: An array, value: [{colour: red, size: null, GPU: 1}]}\n                object: {summary: An object, value: {a: 1}}\n", "              examples: [1]\n", "@: `examples` must be a mapping"),
    ("        error: {description: Why., type: string}", "        error: {description: Why., type: string}\n        more: {description: Why., type: string}", "@-97: an error must be JSON with the one text field `error`"),
    ("      x-always: true\n      responses:\n        '200':", "      x-always: true\n      responses:\n        '400':", "@+2: an error must be JSON with the one text field `error`"),
    ("schema: {$ref: '#/components/schemas/Page'}", "schema: {$ref: '#/components/schemas/Totals'}", "@-5: an answer of type `text/plain` must be a string"),
    ("        by_name: {description: By name., type: object,", "        far: {description: No., type: integer, minimum: -1, maximum: 5}\n        by_name: {description: By name., type: object,", "@: a negative `minimum` is implemented only for -9223372036854775808..18446744073709551615"),
    ("      items: {$ref: '#/components/schemas/Thing'}", "      x-bulk: true\n      maxItems: 5\n      items: {$ref: '#/components/schemas/Count'}", "@-2: `x-bulk` in an answer is not implemented"),
    ("            Retry-After: {$ref", "            Retry-Before: {$ref", "@: header `Retry-Before` is not implemented"),
    ("maximum: 60, default: 5}", "maximum: 60, default: 5, multipleOf: 5}", "@: keyword `multipleOf` in a header is not implemented"),
    ("headers/RetryAfter'}", "headers/Nothing'}", "@: `$ref`: no `#/components/headers/Nothing`"),
    ("    Page: {description: Text., type: string}", "    Page: text", "@: a schema must be a mapping"),
    ("    Page: {description: Text., type: string}", "    Page: {description: Text.}", "@: `type` is missing"),
    ("type: boolean}", "type: [boolean, 'null']}", "@: type `boolean` or null is not implemented"),
    ("type: [string, 'null'], maxLength: 20", "type: string, maxLength: few", "@: `maxLength` must be an integer in 0..4294967295"),
    ("enum: [red, dark-blue]", "enum: [1, 2]", "@: `enum` must be a list of strings"),
    ("enum: [red, dark-blue]", "enum: [red, dark-blue], maxLength: 9", "@: `maxLength` beside `enum` is not implemented"),
    ("      items: {$ref: '#/components/schemas/Thing'}\n", "\n", "@-2: an array needs `items`"),
    ("          x-bulk: true\n", "          x-bulk: 1\n", "@: `x-bulk` must be true or false"),
    ("      maxItems: 4\n", "      maxItems: 4\n      x-bulk: true\n", "@+1: `x-bulk` is for arrays of integers"),
    ("      items: {$ref: '#/components/schemas/Thing'}", "      items: {description: No., type: 'null'}", "@: items of type `null` are not implemented"),
    ("additionalProperties: {$ref: '#/components/schemas/Count'}}\n    Message", "additionalProperties: true}\n    Message", "@: `additionalProperties` must be a schema"),
    ("additionalProperties: {$ref: '#/components/schemas/Count'}}\n    Message", "additionalProperties: {description: No., type: 'null'}}\n    Message", "@: map values of type `null` are not implemented"),
    ("      required: [total]\n      properties:\n", "      required: total\n      properties:\n", "@: `required` must be a list"),
    ("        total: {description: All., $ref: '#/components/schemas/Count'}", "        total: {description: All., type: object}", "@: property `total`: an object needs `properties` or `additionalProperties`"),
    ("      oneOf:\n        - $ref: '#/components/schemas/Things'\n", "      type: object\n      oneOf:\n        - $ref: '#/components/schemas/Things'\n", "@: `type` beside `oneOf` is not implemented"),
    ("      oneOf:\n        - $ref: '#/components/schemas/Things'\n        - $ref: '#/components/schemas/Counts'\n", "      oneOf: []\n", "@: `oneOf` must be a list of schemas"),
    ("        - $ref: '#/components/schemas/Things'\n        - $ref: '#/components/schemas/Counts'", "        - $ref: '#/components/schemas/Counts'\n        - $ref: '#/components/schemas/Counts'", "@-1: `oneOf` names a schema twice"),
    ("      examples: [1, a]", "      examples: a", "@: `examples` must be a list"),
    ("        far: {description: How far., type: [integer, 'null'], minimum: -9223372036854775808, maximum: 18446744073709551615}", "        {}", "@-1: `properties` must be a mapping of 1 to 64 fields"),
    ("example: {error: wrong}", "example: {error: 5}", "@: the example does not fit its schema: error: 5 is not a string"),
    ("description: Text., type: string}", "description: Text., type: string", "@+1: not YAML: expected ',' or '}', but got '<stream end>'"),
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
