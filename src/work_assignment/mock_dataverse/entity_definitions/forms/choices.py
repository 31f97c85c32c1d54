"""OptionSetMetadataBase: choices, those that columns share and those of one column alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...resource_paths import NAMESPACE
from ...tables.metadata import Catalog, Choice, ColumnType, Option
from ...tables.metadata_ids import choice_id, local_choice_id, local_choice_name
from .base import INTRODUCED_VERSION, METADATA_BASE, identity
from .columns import is_custom
from .labels import LABEL, label
from .subjects import ChoiceSubject, ColumnSubject
from .types import (
    EDM_STRING,
    Definition,
    Member,
    extend,
    fixed,
    flag,
    managed_flag,
    nothing,
    text,
)

_SET_TYPES = frozenset({"Picklist", "State", "Status", "Boolean"})


def _is_managed(s: ChoiceSubject) -> bool:
    return not s.choice.is_custom


def _described(s: ChoiceSubject) -> dict[str, Any]:
    return label("", s.choice.descriptions, s.metadata_id, "description", is_managed=_is_managed(s))


CHOICE = extend(
    "OptionSetMetadataBase",
    METADATA_BASE,
    {
        **identity(lambda s: s.metadata_id),
        "Name": text(lambda s: s.choice.name),
        "IsGlobal": flag(lambda s: s.is_global),
        "OptionSetType": Member("mscrm.OptionSetType", lambda s: s.set_type),
        "IsCustomOptionSet": flag(lambda s: not _is_managed(s)),
        "IsManaged": flag(_is_managed),
        "IntroducedVersion": fixed(EDM_STRING, INTRODUCED_VERSION),
        **nothing(EDM_STRING, "ExternalTypeName"),
        "Description": Member(LABEL, _described),
        "DisplayName": Member(
            LABEL,
            lambda s: label(
                s.choice.label, s.choice.labels, s.metadata_id, is_managed=_is_managed(s)
            ),
        ),
        "IsCustomizable": managed_flag("iscustomizable", True),
    },
    alternate_keys=("Name",),
    is_abstract=True,
)
PLAIN_CHOICE = extend(
    "OptionSetMetadata",
    CHOICE,
    {
        "Options": Member(
            "Collection(mscrm.OptionMetadata)",
            lambda s: [_option(s, option) for option in s.choice.options],
        ),
        **nothing(EDM_STRING, "ParentOptionSetName"),
    },
)
YES_NO_CHOICE = extend(
    "BooleanOptionSetMetadata",
    CHOICE,
    {
        "TrueOption": Member("mscrm.OptionMetadata", lambda s: _one_option(s, 1)),
        "FalseOption": Member("mscrm.OptionMetadata", lambda s: _one_option(s, 0)),
    },
)


def choice_of_column(s: ColumnSubject) -> Definition:
    """Return the choice whose options a column takes."""
    shared = s.catalog.choices.get(s.column.global_choice or "")
    if shared is not None:
        return definition_of_choice(shared)
    own = Choice(
        local_choice_name(s.table, s.column),
        s.column.label,
        s.column.options,
        s.column.labels,
        s.column.descriptions,
        is_custom=is_custom(s),
    )
    is_yes_no = s.column.type is ColumnType.BOOLEAN
    set_type = s.attribute_type if s.attribute_type in _SET_TYPES else "Picklist"
    subject = ChoiceSubject(own, local_choice_id(s.table, s.column), set_type, is_global=False)
    return Definition(YES_NO_CHOICE if is_yes_no else PLAIN_CHOICE, subject)


def global_choice_of_column(s: ColumnSubject) -> Definition | None:
    """Return the choice of a column if others may share it."""
    shared = s.catalog.choices.get(s.column.global_choice or "")
    return None if shared is None else definition_of_choice(shared)


def definition_of_choice(choice: Choice) -> Definition:
    subject = ChoiceSubject(choice, choice_id(choice), "Picklist", is_global=True)
    return Definition(PLAIN_CHOICE, subject)


def all_choices(catalog: Catalog) -> Iterator[Definition]:
    return (definition_of_choice(choice) for choice in catalog.choices.values())


def _one_option(s: ChoiceSubject, value: int) -> dict[str, Any] | None:
    return next((_option(s, option) for option in s.choice.options if option.value == value), None)


def _option(s: ChoiceSubject, option: Option) -> dict[str, Any]:
    owner, is_managed = (s.metadata_id, str(option.value)), _is_managed(s)
    described: dict[str, Any] = {
        "Value": option.value,
        "Color": option.color,
        "IsManaged": is_managed,
        "ExternalValue": option.external_value,
        "ParentValues": [],
        "Tag": None,
        "IsHidden": False,
        "MetadataId": None,
        "HasChanged": None,
        "Label": label(option.label, option.labels, *owner, is_managed=is_managed),
        "Description": label("", option.descriptions, *owner, "description", is_managed=is_managed),
    }
    if s.set_type == "State":
        return {
            "@odata.type": f"#{NAMESPACE}StateOptionMetadata",
            **described,
            "DefaultStatus": option.default_status,
            "InvariantName": option.label,
        }
    if s.set_type == "Status":
        return {
            "@odata.type": f"#{NAMESPACE}StatusOptionMetadata",
            **described,
            "State": option.state,
            "TransitionData": None,
        }
    return described
