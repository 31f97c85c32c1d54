"""A folder of definitions: its files found, read and checked together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from work_assignment.domain.errors import nearest
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.rule_forms import RuleForm, read_rules
from work_assignment.services.configuration.rule_links import link_rules
from work_assignment.services.configuration.scope import check_forms
from work_assignment.services.configuration.segment_forms import SegmentForm, read_segments
from work_assignment.services.configuration.seller_forms import SellerForm, read_sellers
from work_assignment.services.configuration.settings_form import SettingsForm, read_settings
from work_assignment.services.configuration.yaml_items import (
    Entry,
    Item,
    ListItem,
    MapItem,
    ScalarItem,
    read_yaml,
)

_SECTIONS = ("segments", "rules", "sellers", "settings", "sequences")
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Forms:
    """What a folder says. A section that no file has is None, and is left alone in Dataverse."""

    segments: tuple[SegmentForm, ...] | None = None
    rules: tuple[RuleForm, ...] | None = None
    sellers: tuple[SellerForm, ...] | None = None
    settings: SettingsForm | None = None


def read_folder(folder: Path, more: Iterable[tuple[str, str]] = ()) -> Forms:
    """Read every YAML file in a folder and below; raises ConfigurationErrors with all problems.

    `more` are names and texts of files that belong to it without being there.
    """
    problems = Problems()
    texts = list(_texts(folder, problems))
    problems.raise_any()
    return read_texts([*texts, *more])


def read_texts(texts: Iterable[tuple[str, str]]) -> Forms:
    """Read definitions from pairs of file name and text; raises ConfigurationErrors."""
    problems = Problems()
    sections: dict[str, list[Entry]] = {}
    for file, text in texts:
        item = read_yaml(text, file, problems)
        if isinstance(item, MapItem):
            _sort_in(item, sections, problems)
        elif item is not None:
            problems.add(item.place, f"a file has the keys {', '.join(_SECTIONS[:-1])}")
    forms = _read(sections, problems)
    problems.raise_any()
    return forms


def _texts(folder: Path, problems: Problems) -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        problems.add(Place(str(folder)), "there is no such folder")
        return
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _ENDINGS]
    if not files:
        problems.add(Place(str(folder)), "the folder has no .yaml files")
    for path in files:
        try:
            yield str(path), path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            problems.add(Place(str(path)), "the file is not written in UTF-8")
        except OSError as exc:
            problems.add(Place(str(path)), f"the file cannot be read ({exc.strerror})")


def _sort_in(item: MapItem, sections: dict[str, list[Entry]], problems: Problems) -> None:
    for key, entry in item.entries.items():
        if key in _SECTIONS:
            sections.setdefault(key, []).append(entry)
        else:
            problems.add(entry.place, f"there is no section '{key}'", nearest(key, _SECTIONS))


def _read(sections: dict[str, list[Entry]], problems: Problems) -> Forms:
    lists = {
        name: _joined(name, sections[name], problems)
        for name in _SECTIONS
        if name in sections and name != "settings"
    }
    if lists.get("sequences"):
        problems.add(sections["sequences"][0].place, "sequences: they are not supported")
    settings = _settings(sections.get("settings", []), problems)
    segments = read_segments(lists["segments"], problems) if "segments" in lists else None
    rules = read_rules(lists["rules"], problems) if "rules" in lists else None
    sellers = read_sellers(lists["sellers"], problems) if "sellers" in lists else None
    if segments is not None and rules is not None:
        there = [(form.name, form.record_type) for form in segments]
        rules = link_rules(rules, there, problems)
    if settings is not None:
        named = {placed.name for placed in settings.record_types}
        check_forms([*(segments or ()), *(rules or ())], named, problems)
    return Forms(segments, rules, sellers, settings)


def _joined(name: str, entries: list[Entry], problems: Problems) -> tuple[Item, ...]:
    """The entries of one section, from all files that have it."""
    found: list[Item] = []
    for entry in entries:
        if isinstance(entry.item, ListItem):
            found.extend(entry.item.items)
        elif not (name == "sequences" and _is_empty(entry.item)):
            problems.add(entry.place, f"'{name}' is a list; an empty one is []")
    return tuple(found)


def _settings(entries: list[Entry], problems: Problems) -> SettingsForm | None:
    for more in entries[1:]:
        problems.add(more.place, f"settings: they are there already at {entries[0].place}")
    if not entries:
        return None
    item = entries[0].item
    if _is_empty(item):
        item = MapItem(entries[0].place, {})
    if not isinstance(item, MapItem):
        problems.add(entries[0].place, "settings is a mapping")
        return None
    return read_settings(item, problems)


def _is_empty(item: Item) -> bool:
    return isinstance(item, ScalarItem) and item.value is None
