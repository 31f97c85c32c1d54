"""Who else may see a row: what it is shared with, and how far."""

from __future__ import annotations

from ..columns import identifier, moment, text, whole
from ..system_columns import UNOWNED
from ..table_builder import define
from .unstamped import unstamped

SHARES = "principalobjectaccess"

PRINCIPAL_OBJECT_ACCESS = unstamped(
    define(
        "PrincipalObjectAccess",
        11,
        "principalobjectaccessset",
        "Share",
        "Shares",
        (
            identifier("ObjectId", "Object", computed=True),
            text("ObjectTypeCode", "Object Type", 64, computed=True),
            identifier("PrincipalId", "Principal", computed=True),
            text("PrincipalTypeCode", "Principal Type", 64, computed=True),
            whole("AccessRightsMask", "Access Rights", -2_147_483_648, computed=True),
            whole("InheritedAccessRightsMask", "Inherited Rights", -2_147_483_648, computed=True),
            moment("ChangedOn", "Changed On", computed=True),
        ),
        name=None,
        ownership=UNOWNED,
        states=(),
    )
)
