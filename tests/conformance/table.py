"""Prints the differences between NVIDIA's indexer and kvindex as a table in Markdown, out of test_differences.py."""

import ast
import pathlib


def rows():
    """(call, there, here, reason) of every test."""
    tree = ast.parse((pathlib.Path(__file__).parent / "test_differences.py").read_text())
    return [
        tuple(ast.literal_eval(argument) for argument in decorator.args)
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "difference"
    ]


if __name__ == "__main__":
    print("| call | NVIDIA 1.6.1 | kvindex | reason |\n|---|---|---|---|")
    for row in rows():
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
