"""EntityKeyMetadata: an alternate key."""

from __future__ import annotations

from ...tables.metadata_ids import key_id
from .base import INTRODUCED_VERSION, METADATA_BASE, has_prefix, identity
from .labels import LABEL, label
from .subjects import KeySubject
from .types import (
    EDM_STRING,
    Definition,
    Member,
    extend,
    fixed,
    flag,
    flags,
    managed_flag,
    text,
)


def _is_custom(s: KeySubject) -> bool:
    return has_prefix(s.key.schema_name)


KEY = extend(
    "EntityKeyMetadata",
    METADATA_BASE,
    {
        **identity(lambda s: key_id(s.table, s.key)),
        "SchemaName": text(lambda s: s.key.schema_name),
        "LogicalName": text(lambda s: s.key.schema_name.lower()),
        "EntityLogicalName": text(lambda s: s.table.logical_name),
        "KeyAttributes": Member("Collection(Edm.String)", lambda s: list(s.key.columns)),
        "EntityKeyIndexStatus": Member(
            "mscrm.EntityKeyIndexStatus", lambda s: "Failed" if s.is_failed else "Active"
        ),
        "IntroducedVersion": fixed(EDM_STRING, INTRODUCED_VERSION),
        "IsManaged": flag(lambda s: not _is_custom(s)),
        **flags("IsExportKey", "IsSecondaryKey", "IsSynchronous"),
        "IsCustomizable": managed_flag("iscustomizable", True),
        "DisplayName": Member(
            LABEL,
            lambda s: label(
                s.key.label or s.key.schema_name,
                s.key.labels,
                key_id(s.table, s.key),
                is_managed=not _is_custom(s),
            ),
        ),
    },
    alternate_keys=("LogicalName", "SchemaName"),
)


def definition_of_key(subject: KeySubject) -> Definition:
    return Definition(KEY, subject)
