"""Reads solution files as XML; whatever is wrong is said with its file and element."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse


class SolutionError(Exception):
    """A solution folder that cannot be read; says in which file, at which element, and why."""

    def __init__(self, path: Path, element: str, problem: str) -> None:
        super().__init__(f"{path}: {element}: {problem}")
        self.path = path
        self.element = element
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Node:
    """An element together with the file it stands in and a name to call it by in messages."""

    element: Element
    path: Path
    name: str

    def error(self, problem: str) -> SolutionError:
        return SolutionError(self.path, self.name, problem)

    def child(self, tag: str, name: str | None = None) -> Node:
        """Return the only child of that tag; it is an error when there is none."""
        found = self.element.find(tag)
        if found is None:
            raise self.error(f"<{tag}> is missing")
        return Node(found, self.path, name or f"{self.name}/{tag}")

    def children(self, tag: str, attribute: str | None = None) -> list[Node]:
        """List the descendants at a path; `attribute` names each of them in messages."""
        return [
            Node(found, self.path, f"{self.name}/{found.get(attribute) if attribute else tag}")
            for found in self.element.findall(tag)
        ]

    def attribute(self, name: str) -> str:
        value = self.element.get(name)
        if not value:
            raise self.error(f'the attribute {name}="" is missing')
        return value

    def text(self, tag: str) -> str:
        """Return the text of a child that must be there and filled."""
        value = self.optional_text(tag)
        if value is None:
            raise self.error(f"<{tag}> is missing or empty")
        return value

    def optional_text(self, tag: str) -> str | None:
        value = (self.element.findtext(tag) or "").strip()
        return value or None

    def number(self, tag: str) -> float | None:
        value = self.optional_text(tag)
        if value is None:
            return None
        try:
            return float(value)
        except ValueError:
            raise self.error(f"<{tag}> is no number: {value}") from None

    def integer(self, tag: str) -> int | None:
        value = self.number(tag)
        if value is not None and not value.is_integer():
            raise self.error(f"<{tag}> is no whole number: {value}")
        return None if value is None else int(value)

    def flag(self, tag: str, *, default: bool) -> bool:
        value = self.optional_text(tag)
        return default if value is None else value not in ("0", "false", "False")

    def label(self, path: str) -> str | None:
        """Return the English text of labels such as `labels/label`, else the first there is."""
        found = self.element.findall(path)
        english = [label for label in found if label.get("languagecode") == "1033"]
        return next((label.get("description") for label in english or found), None)


def read_xml(path: Path) -> Node:
    """Parse one file."""
    try:
        root = parse(path).getroot()
    except (ParseError, DefusedXmlException) as exc:
        raise SolutionError(path, "document", f"is not well-formed XML: {exc}") from exc
    except OSError as exc:
        raise SolutionError(path, "document", f"cannot be read: {exc.strerror}") from exc
    if root is None:
        raise SolutionError(path, "document", "is empty")
    return Node(root, path, root.tag)
