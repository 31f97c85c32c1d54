"""EntityQueryExpression and what it is made of, and the complex types it is answered with."""

from __future__ import annotations

from collections.abc import Mapping

from ..forms.registry import TYPES
from ..metadata_queries import COMPLEX

_TEXT, _FLAG, _WHOLE = "Edm.String", "Edm.Boolean", "Edm.Int32"
_ALIAS = "mscrm."
_BASE, _ROOT = "MetadataBase", "crmmodelbaseentity"
_PART = {
    "Properties": "mscrm.MetadataPropertiesExpression",
    "Criteria": "mscrm.MetadataFilterExpression",
}
METADATA_QUERY_ENUMS: Mapping[str, Mapping[str, int]] = {
    "DeletedMetadataFilters": {
        "Default": 1,
        "Attribute": 2,
        "Relationship": 4,
        "Label": 8,
        "OptionSet": 16,
        "All": 31,
    },
    "MetadataConditionOperator": {
        "Equals": 0,
        "NotEquals": 1,
        "In": 2,
        "NotIn": 3,
        "GreaterThan": 4,
        "LessThan": 5,
    },
}


def _complex_definitions() -> dict[str, dict[str, str]]:
    """Describe each definition once more as a complex type, with what it leads to inside of it."""
    return {
        f"{COMPLEX}{kind.name}": {
            **{name: member.type for name, member in kind.members.items()},
            **{
                name: f"Collection({_ALIAS}{COMPLEX}{way.target})"
                if way.is_collection
                else f"{_ALIAS}{COMPLEX}{way.target}"
                for name, way in kind.navigations.items()
            },
        }
        for kind in TYPES.values()
        if kind.name not in (_BASE, _ROOT)
    }


METADATA_QUERY_TYPES: Mapping[str, Mapping[str, str]] = {
    "AttributeQueryExpression": _PART,
    "DeletedMetadataCollection": {
        "Count": _WHOLE,
        "IsReadOnly": _FLAG,
        "Keys": "Collection(mscrm.DeletedMetadataFilters)",
        "Values": "Collection(mscrm.GuidCollection)",
    },
    "EntityKeyQueryExpression": _PART,
    "EntityQueryExpression": {
        **_PART,
        "AttributeQuery": "mscrm.AttributeQueryExpression",
        "RelationshipQuery": "mscrm.RelationshipQueryExpression",
        "KeyQuery": "mscrm.EntityKeyQueryExpression",
        "LabelQuery": "mscrm.LabelQueryExpression",
    },
    "GuidCollection": {
        "Count": _WHOLE,
        "IsReadOnly": _FLAG,
        "Items": "Collection(Edm.Guid)",
    },
    "LabelQueryExpression": {
        "FilterLanguages": "Collection(Edm.Int32)",
        "MissingLabelBehavior": _WHOLE,
    },
    "MetadataConditionExpression": {
        "PropertyName": _TEXT,
        "ConditionOperator": "mscrm.MetadataConditionOperator",
        "Value": "mscrm.Object",
    },
    "MetadataFilterExpression": {
        "FilterOperator": "mscrm.LogicalOperator",
        "Conditions": "Collection(mscrm.MetadataConditionExpression)",
        "Filters": "Collection(mscrm.MetadataFilterExpression)",
    },
    "MetadataPropertiesExpression": {
        "AllProperties": _FLAG,
        "PropertyNames": "Collection(Edm.String)",
    },
    "RelationshipQueryExpression": _PART,
    "RetrieveMetadataChangesResponse": {
        "EntityMetadata": "Collection(mscrm.ComplexEntityMetadata)",
        "ServerVersionStamp": _TEXT,
        "DeletedMetadata": "mscrm.DeletedMetadataCollection",
    },
    **_complex_definitions(),
}
# What derives from what, as the definitions themselves do: columns of all types are listed as one.
METADATA_QUERY_BASES: Mapping[str, str] = {
    f"{COMPLEX}{kind.name}": f"{COMPLEX}{kind.base.name}"
    for kind in TYPES.values()
    if kind.base is not None and f"{COMPLEX}{kind.base.name}" in METADATA_QUERY_TYPES
}
