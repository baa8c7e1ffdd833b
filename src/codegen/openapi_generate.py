#!/usr/bin/env python3
"""Generates the C tables of the REST side: openapi_generate.py DOCUMENT.yaml OUTPUT_FOLDER

Needs Python 3.9 and PyYAML. Exit 1 with file:line for a fault in the document; then nothing is written. The same
document always gives the same bytes.
"""

import os
import sys

from openapi_emit import Emitter
from openapi_model import Model
from openapi_yaml import Document, ModelError


def main(arguments):
    if len(arguments) != 2:
        print(__doc__.split("\n")[0], file=sys.stderr)
        return 2
    try:
        files = Emitter(Model(Document(arguments[0]))).files()
    except ModelError as e:
        print(e, file=sys.stderr)
        return 1
    os.makedirs(arguments[1], exist_ok=True)
    for name, text in sorted(files.items()):
        with open(os.path.join(arguments[1], name), "w", encoding="utf-8", newline="\n") as f:
            f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
