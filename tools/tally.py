"""Sums up test results: JUnit files of ctest and pytest, and checks.txt. Prints skipped and failed tests, a line per
suite, and the total as the last line. Exit status 1 when something failed or nothing ran."""

import pathlib
import sys
import xml.etree.ElementTree as xml


def junit(path):
    """(outcome, name) of every test in a JUnit file."""
    for case in xml.parse(path).iter("testcase"):
        children = {child.tag: child for child in case}
        if "failure" in children or "error" in children or case.get("status") == "fail":
            outcome = "failed"
        elif "skipped" in children or case.get("status") in ("notrun", "disabled"):
            outcome = "skipped"
        else:
            outcome = "passed"
        name = case.get("name")
        if outcome == "skipped" and "skipped" in children:
            name += f" ({children['skipped'].get('message') or 'no reason given'})"
        yield outcome, name


def checks(path):
    for line in path.read_text().splitlines():
        outcome, name = line.split(None, 1)
        yield outcome, name


def main(folder):
    total = dict(passed=0, failed=0, skipped=0)
    suites = [(path.stem, list(junit(path))) for path in sorted(folder.glob("*.xml"))]
    if (folder / "checks.txt").exists():
        suites.append(("checks", list(checks(folder / "checks.txt"))))
    print()
    for suite, tests in suites:
        count = dict(passed=0, failed=0, skipped=0)
        for outcome, name in tests:
            count[outcome] += 1
            total[outcome] += 1
            if outcome != "passed":
                print(f"{outcome.upper()}: {suite}: {name}")
        print(f"{suite:17}", ", ".join(f"{n} {outcome}" for outcome, n in count.items()))
    for log in sorted(folder.glob("*.log")):
        if not (folder / f"{log.stem}.xml").exists() and log.stem not in {name for _, t in suites for _, name in t}:
            print(f"FAILED: {log.stem} left no results")
            total["failed"] += 1
    print(", ".join(f"{n} {outcome}" for outcome, n in total.items()))
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
