"""QueryExpression and what it is made of: queries as the parameters of some actions."""

from __future__ import annotations

from collections.abc import Mapping

_TEXT, _FLAG, _WHOLE = "Edm.String", "Edm.Boolean", "Edm.Int32"
# In the order of their numbers (Learn: ConditionOperator EnumType).
_OPERATORS_IN_ORDER = """
    Equal NotEqual GreaterThan LessThan GreaterEqual LessEqual Like NotLike In NotIn Between
    NotBetween Null NotNull Yesterday Today Tomorrow Last7Days Next7Days LastWeek ThisWeek NextWeek
    LastMonth ThisMonth NextMonth On OnOrBefore OnOrAfter LastYear ThisYear NextYear LastXHours
    NextXHours LastXDays NextXDays LastXWeeks NextXWeeks LastXMonths NextXMonths LastXYears
    NextXYears EqualUserId NotEqualUserId EqualBusinessId NotEqualBusinessId ChildOf Mask NotMask
    MasksSelect Contains DoesNotContain EqualUserLanguage NotOn OlderThanXMonths BeginsWith
    DoesNotBeginWith EndsWith DoesNotEndWith ThisFiscalYear ThisFiscalPeriod NextFiscalYear
    NextFiscalPeriod LastFiscalYear LastFiscalPeriod LastXFiscalYears LastXFiscalPeriods
    NextXFiscalYears NextXFiscalPeriods InFiscalYear InFiscalPeriod InFiscalPeriodAndYear
    InOrBeforeFiscalPeriodAndYear InOrAfterFiscalPeriodAndYear EqualUserTeams EqualUserOrUserTeams
    Under NotUnder UnderOrEqual Above AboveOrEqual EqualUserOrUserHierarchy
    EqualUserOrUserHierarchyAndTeams OlderThanXYears OlderThanXWeeks OlderThanXDays OlderThanXHours
    OlderThanXMinutes ContainValues DoesNotContainValues
"""
QUERY_ENUMS: Mapping[str, Mapping[str, int]] = {
    "ConditionOperator": {name: number for number, name in enumerate(_OPERATORS_IN_ORDER.split())},
    "JoinOperator": {"Inner": 0, "LeftOuter": 1, "Natural": 2},
    "LogicalOperator": {"And": 0, "Or": 1},
    "OrderType": {"Ascending": 0, "Descending": 1},
}
QUERY_TYPES: Mapping[str, Mapping[str, str]] = {
    "ColumnSet": {"AllColumns": _FLAG, "Columns": "Collection(Edm.String)"},
    "ConditionExpression": {
        "EntityName": _TEXT,
        "AttributeName": _TEXT,
        "Operator": "mscrm.ConditionOperator",
        "Values": "Collection(mscrm.Object)",
        "CompareColumns": _FLAG,
    },
    "FilterExpression": {
        "FilterOperator": "mscrm.LogicalOperator",
        "Conditions": "Collection(mscrm.ConditionExpression)",
        "Filters": "Collection(mscrm.FilterExpression)",
        "IsQuickFindFilter": _FLAG,
        "FilterHint": _TEXT,
    },
    "LinkEntity": {
        "LinkFromEntityName": _TEXT,
        "LinkFromAttributeName": _TEXT,
        "LinkToEntityName": _TEXT,
        "LinkToAttributeName": _TEXT,
        "JoinOperator": "mscrm.JoinOperator",
        "EntityAlias": _TEXT,
        "LinkCriteria": "mscrm.FilterExpression",
        "LinkEntities": "Collection(mscrm.LinkEntity)",
        "Columns": "mscrm.ColumnSet",
        "Orders": "Collection(mscrm.OrderExpression)",
    },
    "Object": {"Value": _TEXT, "Type": _TEXT},
    "OrderExpression": {
        "AttributeName": _TEXT,
        "OrderType": "mscrm.OrderType",
        "Alias": _TEXT,
        "EntityName": _TEXT,
    },
    "PagingInfo": {
        "PageNumber": _WHOLE,
        "Count": _WHOLE,
        "ReturnTotalRecordCount": _FLAG,
        "PagingCookie": _TEXT,
    },
    "QueryExpression": {
        "EntityName": _TEXT,
        "ColumnSet": "mscrm.ColumnSet",
        "Criteria": "mscrm.FilterExpression",
        "LinkEntities": "Collection(mscrm.LinkEntity)",
        "Orders": "Collection(mscrm.OrderExpression)",
        "PageInfo": "mscrm.PagingInfo",
        "Distinct": _FLAG,
        "NoLock": _FLAG,
        "TopCount": _WHOLE,
        "QueryHints": _TEXT,
        "ForceSeek": _TEXT,
    },
}
