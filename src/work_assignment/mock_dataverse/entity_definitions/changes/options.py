"""Options of choices as a definition lists them."""

from __future__ import annotations

from collections.abc import Iterable

from ...tables.columns import LARGEST_INTEGER
from ...tables.labels import used_text
from ...tables.metadata import Catalog, Choice, Option
from .addresses import find_choice, read_bound
from .members import Members
from .refusals import invalid, missing_member

# A publisher without a prefix of its own for values counts from here.
FIRST_VALUE = 100_000_000


def read_options(option_set: Members) -> tuple[Option, ...]:
    """Read the options of a choice; one without a value gets the next free one."""
    options: list[Option] = []
    for item in option_set.each("Options"):
        value = item.optional_whole("Value")
        option = read_option(item, next_value(options) if value is None else value)
        if any(option.value == other.value for other in options):
            raise invalid(f"The option value {option.value} is given twice in {option_set.what}.")
        options.append(option)
    return tuple(options)


def next_value(options: Iterable[Option]) -> int:
    """Return the value that follows the largest one of a publisher's own."""
    return max((option.value + 1 for option in options), default=FIRST_VALUE)


def read_option(item: Members, value: int) -> Option:
    if not -LARGEST_INTEGER - 1 <= value <= LARGEST_INTEGER:
        raise invalid(f"The option value {value} in {item.what} is no 32-bit number.")
    labels = item.required_labels("Label")
    return Option(
        value,
        used_text(labels),
        labels=labels,
        descriptions=item.labels("Description"),
        color=item.text("Color"),
        external_value=item.text("ExternalValue"),
    )


def read_yes_no(option_set: Members | None) -> tuple[Option, ...]:
    """Read the labels of true and false; without any they are Yes and No."""
    found = []
    for name, value, text in (("TrueOption", 1, "Yes"), ("FalseOption", 0, "No")):
        item = None if option_set is None else option_set.inner(name)
        if item is None:
            found.append(Option(value, text))
            continue
        given = item.optional_whole("Value")
        if given not in (None, value):
            raise invalid(f"The Value of {item.what} is {given}; it is {value}.")
        found.append(read_option(item, value))
    return tuple(found)


def bound_choice(catalog: Catalog, members: Members) -> Choice | None:
    """Return the global choice that a column is bound to, or None if it has its own options."""
    bound = members.text("GlobalOptionSet@odata.bind")
    if bound is not None:
        return find_choice(catalog, read_bound(bound, "GlobalOptionSetDefinitions"))
    option_set = members.inner("OptionSet")
    if option_set is None or not option_set.flag("IsGlobal"):
        return None
    name = option_set.text("Name")
    if name is None:
        raise missing_member(option_set.what, "Name")
    return find_choice(catalog, f"Name='{name}'")
