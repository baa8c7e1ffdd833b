"""Markdown for the API reference: headings that can be linked to, tables, JSON that fits the page."""

import json
import re

WIDTH = 110
POWERS = {2**64 - 1: "2^64-1", 2**63 - 1: "2^63-1", 2**32 - 1: "2^32-1", 2**31 - 1: "2^31-1", -(2**63): "-2^63"}


def number(value):
    """A number as people read it."""
    return POWERS.get(value, str(value))


def count(value, unit):
    return f"{number(value)} {unit}" + ("" if value == 1 else "s")


def span(low, high, unit):
    """`1 to 256 bytes`; a bound that is None is not there."""
    if high is None:
        return f"at least {count(low, unit)}" if low else ""
    if low == high:
        return count(high, unit)
    return f"{number(low)} to {count(high, unit)}" if low else f"at most {count(high, unit)}"


def plain(text):
    """Prose in which nothing but code in backticks, emphasis and lists is markup."""
    parts = re.split(r"(`[^`]*`)", text.strip())
    return "".join(p if p.startswith("`") else re.sub(r"<(?=[A-Za-z/!])", r"\\<", p) for p in parts)


def cell(text):
    """One line that may stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(c) for c in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def layout(value, indent, room):
    """JSON in lines of at most WIDTH, where its values allow; `room` is what stands before it on the line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + room <= WIDTH or not isinstance(value, (dict, list)) or not value:
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        parts = []
        for key, item in value.items():
            lead = json.dumps(key, ensure_ascii=False) + ": "
            parts.append(lead + layout(item, inner, len(inner) + len(lead) + 1))
        opening, closing = "{", "}"
    else:
        parts, opening, closing = [layout(item, inner, len(inner) + 1) for item in value], "[", "]"
    return opening + "\n" + ",\n".join(inner + p for p in parts) + "\n" + indent + closing


def fenced(value):
    return "```json\n" + layout(value, "", 0) + "\n```\n"


class PageError(Exception):
    """The page cannot be made: two things of the schemas have one name here."""


class Page:
    """The text, and its headings: a link to none of them is an error, and so are two with one address."""

    def __init__(self):
        self.parts, self.anchors, self.links = [], set(), set()

    def add(self, text):
        """A paragraph, a table or a block; nothing for an empty text."""
        if text:
            self.parts.append(text.rstrip("\n") + "\n")

    def heading(self, level, title):
        anchor = slug(title)
        if anchor in self.anchors:
            raise PageError(f"two headings have the address #{anchor}")
        self.anchors.add(anchor)
        self.add("#" * level + " " + title)

    def link(self, text, title):
        """A link to the heading `title`, which may come later."""
        self.links.add(slug(title))
        return f"[{text}](#{slug(title)})"

    def text(self):
        missing = sorted(self.links - self.anchors)
        if missing:
            raise PageError(f"no heading for the link #{missing[0]}")
        return "\n".join(self.parts)


def slug(title):
    """The address that GitHub and GitLab give a heading."""
    return re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-")
