"""Global choices that are created, changed and deleted."""

from __future__ import annotations

import uuid
from dataclasses import replace

from ...faults import not_emulated
from ...tables.edits import with_choice, without_choice
from ...tables.labels import labels_of, merged, used_text
from ...tables.metadata import Catalog, Choice
from ...tables.metadata_ids import choice_id
from .known_members import CHOICE, check_members
from .members import Members
from .names import LONGEST_RELATIONSHIP_NAME, check_schema_name
from .options import read_options
from .refusals import depended_on, duplicate_name, invalid


def create_choice(catalog: Catalog, members: Members) -> tuple[Catalog, Choice]:
    """Return the catalog with a new global choice."""
    check_members(members, CHOICE)
    name = check_schema_name("OptionSet", members.required_text("Name"), LONGEST_RELATIONSHIP_NAME)
    members = Members(members.body, f"the global choice {name}")
    kind = members.named("OptionSetType", ("Picklist", "Boolean", "State", "Status"), "Picklist")
    if kind == "Boolean" or members.type_name == "BooleanOptionSetMetadata":
        raise not_emulated("global choices of two options (BooleanOptionSetMetadata)")
    if kind != "Picklist" or not members.flag("IsGlobal", default=True):
        raise invalid(f"A global choice is a Picklist with IsGlobal; {members.what} is not.")
    if any(name.lower() == other.lower() for other in catalog.choices):
        raise duplicate_name("OptionSet", name)
    labels, descriptions = members.labels("DisplayName"), members.labels("Description")
    choice = Choice(
        name,
        used_text(labels) or name,
        read_options(members),
        labels,
        descriptions,
        members.metadata_id() or str(uuid.uuid4()),
        is_custom=True,
    )
    return with_choice(catalog, choice), choice


def change_choice(
    catalog: Catalog, old: Choice, members: Members, *, keeps_labels: bool
) -> Catalog:
    """Return the catalog with a choice's labels replaced; options change by messages of their own."""
    check_members(members, CHOICE)
    name = members.text("Name")
    if name is not None and name != old.name:
        raise invalid(f"The Name of {members.what} is {old.name}; it cannot be changed to {name}.")
    labels = merged(
        labels_of(old.labels, old.label), members.labels("DisplayName"), keeps_others=keeps_labels
    )
    descriptions = merged(
        old.descriptions, members.labels("Description"), keeps_others=keeps_labels
    )
    changed = replace(
        old,
        label=used_text(labels) or old.label,
        labels=labels or old.labels,
        descriptions=descriptions,
    )
    return with_choice(catalog, changed)


def delete_choice(catalog: Catalog, choice: Choice) -> Catalog:
    """Return the catalog without a global choice, once no column has it."""
    if not choice.is_custom:
        raise invalid(f"The selected OptionSet cannot be deleted: {choice.name}.")
    users = [
        f"the column {column.logical_name} of {table.logical_name}"
        for table in catalog
        for column in table.columns.values()
        if column.global_choice == choice.name
    ]
    if users:
        raise depended_on("OptionSet", choice_id(choice), choice.name, users)
    return without_choice(catalog, choice.name)
