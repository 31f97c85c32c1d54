"""What all definitions have in common, and the words that many of them share."""

from __future__ import annotations

import re

from .types import EDM_BOOLEAN, EDM_GUID, EDM_MOMENT, Member, Reader, extend, fixed

INTRODUCED_VERSION = "1.0.0.0"
# Definitions that came with Dataverse say that they were made on this day.
CREATED_ON = "1900-01-01T00:00:00Z"
_PREFIXED = re.compile(r"[a-z][a-z0-9]*_")  # a publisher's prefix

# The abstract root of all definitions, as business data has `crmbaseentity`.
MODEL_BASE = extend("crmmodelbaseentity", None, {}, is_abstract=True)


def identity(read: Reader) -> dict[str, Member]:
    """Describe what MetadataBase gives to every definition."""
    return {"MetadataId": Member(EDM_GUID, read), "HasChanged": fixed(EDM_BOOLEAN, None)}


METADATA_BASE = extend("MetadataBase", MODEL_BASE, identity(lambda s: None), is_abstract=True)


def dates() -> dict[str, Member]:
    return {name: fixed(EDM_MOMENT, CREATED_ON) for name in ("CreatedOn", "ModifiedOn")}


def has_prefix(schema_name: str) -> bool:
    """Tell whether a name starts with a publisher's prefix, as custom ones do."""
    return _PREFIXED.match(schema_name) is not None
