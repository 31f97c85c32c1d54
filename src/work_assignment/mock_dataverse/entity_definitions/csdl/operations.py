"""The functions and actions that are answered, with their parameters as Learn documents them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .elements import Element, element

_ALIAS = "mscrm."
_TEXT, _FLAG, _WHOLE, _GUID = "Edm.String", "Edm.Boolean", "Edm.Int32", "Edm.Guid"
_MOMENT = "Edm.DateTimeOffset"
_ANY, _ANY_LIST = "mscrm.crmbaseentity", "Collection(mscrm.crmbaseentity)"
_ANY_TABLE = "crmbaseentity"
# A parameter whose type ends so must not be null.
_REQUIRED = "!"

_LABEL = "mscrm.Label!"
# Where the options are that an action changes: in a global choice, or in the choice of a column.
_OF_CHOICE = {
    "OptionSetName": _TEXT,
    "EntityLogicalName": _TEXT,
    "AttributeLogicalName": _TEXT,
    "SolutionUniqueName": _TEXT,
}
_OF_OPTION = {
    "Description": "mscrm.Label",
    "Color": _TEXT,
    "ExternalValue": _TEXT,
    "ParentValues": f"Collection({_WHOLE})",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """A function or an action; a bound one belongs to a row, or to the rows of a table."""

    name: str
    is_action: bool
    parameters: dict[str, str]
    returns: str | None = None
    row_of: str | None = None
    rows_of: str | None = None

    @property
    def is_bound(self) -> bool:
        return self.row_of is not None or self.rows_of is not None


def _function(name: str, *, row_of: str | None = None, **parameters: str) -> Operation:
    """Describe a function, which answers with a complex type named after it."""
    return Operation(name, False, parameters, f"{_ALIAS}{name}Response", row_of)


def _action(
    name: str,
    *,
    row_of: str | None = None,
    rows_of: str | None = None,
    returns: str | None = None,
    **parameters: str,
) -> Operation:
    return Operation(name, True, parameters, returns, row_of, rows_of)


OPERATIONS: tuple[Operation, ...] = (
    _function("ExpandCalendar", row_of="calendar", Start=f"{_MOMENT}!", End=f"{_MOMENT}!"),
    _function(
        "QueryMultipleSchedules",
        ResourceIds=f"Collection({_GUID})!",
        Start=f"{_MOMENT}!",
        End=f"{_MOMENT}!",
        TimeCodes="Collection(mscrm.TimeCode)!",
    ),
    _function(
        "QuerySchedule",
        ResourceId=f"{_GUID}!",
        Start=f"{_MOMENT}!",
        End=f"{_MOMENT}!",
        TimeCodes="Collection(mscrm.TimeCode)!",
    ),
    _function("GetValidManyToMany"),
    _function("GetValidReferencedEntities", ReferencingEntityName=_TEXT),
    _function("GetValidReferencingEntities", ReferencedEntityName=_TEXT),
    _function("RetrieveAvailableLanguages"),
    _function("RetrieveProvisionedLanguages"),
    _function("RetrieveCurrentOrganization", AccessType="mscrm.EndpointAccessType!"),
    _function(
        "RetrieveMetadataChanges",
        Query="mscrm.EntityQueryExpression",
        DeletedMetadataFilters="mscrm.DeletedMetadataFilters",
        ClientVersionStamp=_TEXT,
        AppModuleId=_GUID,
        RetrieveAllSettings=_FLAG,
    ),
    _function("RetrievePrincipalAccess", row_of="systemuser", Target=f"{_ANY}!"),
    _function("RetrievePrincipalAccess", row_of="team", Target=f"{_ANY}!"),
    _function("RetrieveSharedPrincipalsAndAccess", Target=f"{_ANY}!"),
    _function("RetrieveTotalRecordCount", EntityNames=f"Collection({_TEXT})!"),
    _function(
        "RetrieveUserPrivilegeByPrivilegeName", row_of="systemuser", PrivilegeName=f"{_TEXT}!"
    ),
    _function("RetrieveUserPrivileges", row_of="systemuser"),
    _function(
        "RetrieveUserSetOfPrivilegesByNames",
        row_of="systemuser",
        PrivilegeNames=f"Collection({_TEXT})!",
    ),
    _function("RetrieveVersion"),
    _function("WhoAmI"),
    _action("AddMembersTeam", row_of="team", Members="Collection(mscrm.systemuser)!"),
    _action("AddPrincipalToQueue", row_of="queue", Principal="mscrm.principal!"),
    _action("AddPrivilegesRole", row_of="role", Privileges="Collection(mscrm.RolePrivilege)!"),
    _action(
        "AddToQueue",
        row_of="queue",
        returns="mscrm.AddToQueueResponse",
        Target=f"{_ANY}!",
        SourceQueue="mscrm.queue",
        QueueItemProperties="mscrm.queueitem",
    ),
    _action(
        "BulkDelete",
        returns="mscrm.BulkDeleteResponse",
        QuerySet="Collection(mscrm.QueryExpression)!",
        JobName=f"{_TEXT}!",
        SendEmailNotification=f"{_FLAG}!",
        ToRecipients="Collection(mscrm.activityparty)!",
        CCRecipients="Collection(mscrm.activityparty)!",
        RecurrencePattern=f"{_TEXT}!",
        StartDateTime=f"{_MOMENT}!",
        SourceImportId=_GUID,
        RunNow=_FLAG,
    ),
    *(
        _action(name, returns=f"mscrm.{name}Response", EntityName=f"{_TEXT}!")
        for name in ("CanBeReferenced", "CanBeReferencing", "CanManyToMany")
    ),
    _action(
        "CreateEntities",
        returns="mscrm.CreateEntitiesResponse",
        Entities="Collection(mscrm.EntityMetadata)!",
        SolutionUniqueName=_TEXT,
    ),
    _action(
        "CreateMultiple",
        rows_of=_ANY_TABLE,
        returns="mscrm.CreateMultipleResponse",
        Targets=f"{_ANY_LIST}!",
    ),
    _action("DeleteMultiple", rows_of=_ANY_TABLE, Targets=f"{_ANY_LIST}!"),
    _action("DeleteOptionValue", Value=f"{_WHOLE}!", **_OF_CHOICE),
    _action("GrantAccess", Target=f"{_ANY}!", PrincipalAccess="mscrm.PrincipalAccess!"),
    _action(
        "InsertOptionValue",
        returns="mscrm.InsertOptionValueResponse",
        **{"Value": _WHOLE, "Label": _LABEL, **_OF_OPTION, **_OF_CHOICE},
    ),
    _action(
        "InsertStatusValue",
        returns="mscrm.InsertStatusValueResponse",
        StateCode=f"{_WHOLE}!",
        **{"Value": _WHOLE, "Label": _LABEL, **_OF_OPTION, **_OF_CHOICE},
    ),
    _action(
        "InstantiateTemplate",
        returns=_ANY_LIST,
        TemplateId=f"{_GUID}!",
        ObjectType=f"{_TEXT}!",
        ObjectId=f"{_GUID}!",
    ),
    _action("LoseOpportunity", Status=f"{_WHOLE}!", OpportunityClose="mscrm.opportunityclose!"),
    _action("ModifyAccess", Target=f"{_ANY}!", PrincipalAccess="mscrm.PrincipalAccess!"),
    _action("OrderOption", Values=f"Collection({_WHOLE})!", **_OF_CHOICE),
    _action(
        "PickFromQueue",
        row_of="queueitem",
        WorkerId="mscrm.systemuser",
        RemoveQueueItem=f"{_FLAG}!",
    ),
    _action("PublishAllXml"),
    _action("PublishXml", ParameterXml=f"{_TEXT}!"),
    _action(
        "QualifyLead",
        row_of="lead",
        returns=_ANY_LIST,
        CreateAccount=f"{_FLAG}!",
        CreateContact=f"{_FLAG}!",
        CreateOpportunity=f"{_FLAG}!",
        OpportunityCurrencyId="mscrm.transactioncurrency",
        OpportunityCustomerId=_ANY,
        SourceCampaignId="mscrm.campaign",
        Status=f"{_WHOLE}!",
        ProcessInstanceId=_ANY,
        SuppressDuplicateDetection=_FLAG,
    ),
    _action("ReactivateEntityKey", EntityLogicalName=f"{_TEXT}!", EntityKeyLogicalName=f"{_TEXT}!"),
    _action("ReleaseToQueue", row_of="queueitem"),
    _action("RemoveFromQueue", row_of="queueitem"),
    _action("RemoveMembersTeam", row_of="team", Members="Collection(mscrm.systemuser)!"),
    _action("RevokeAccess", Target=f"{_ANY}!", Revokee="mscrm.principal!"),
    _action(
        "SendAppNotification",
        returns="mscrm.SendAppNotificationResponse",
        Title=f"{_TEXT}!",
        Recipient="mscrm.systemuser!",
        Body=_TEXT,
        IconType=_WHOLE,
        ToastType=_WHOLE,
        Priority=_WHOLE,
        Expiry=_WHOLE,
        OverrideContent="mscrm.expando",
        Actions="mscrm.expando",
    ),
    _action(
        "SendEmail",
        row_of="email",
        returns="mscrm.SendEmailResponse",
        IssueSend=f"{_FLAG}!",
        TrackingToken=_TEXT,
    ),
    _action(
        "SendEmailFromTemplate",
        returns="mscrm.SendEmailFromTemplateResponse",
        TemplateId=f"{_GUID}!",
        Regarding=f"{_ANY}!",
        Target=f"{_ANY}!",
    ),
    _action("UpdateMultiple", rows_of=_ANY_TABLE, Targets=f"{_ANY_LIST}!"),
    _action(
        "UpdateOptionValue",
        MergeLabels=f"{_FLAG}!",
        **{"Value": f"{_WHOLE}!", "Label": _LABEL, **_OF_OPTION, **_OF_CHOICE},
    ),
    _action(
        "UpdateStateValue",
        MergeLabels=f"{_FLAG}!",
        DefaultStatusCode=_WHOLE,
        **{"Value": f"{_WHOLE}!", "Label": _LABEL, **_OF_OPTION, **_OF_CHOICE},
    ),
    _action("UpsertMultiple", rows_of=_ANY_TABLE, Targets=f"{_ANY_LIST}!"),
    _action("WinOpportunity", Status=f"{_WHOLE}!", OpportunityClose="mscrm.opportunityclose!"),
)


def operation_element(operation: Operation) -> Element:
    """Describe a function or an action; what it is bound to is its first parameter."""
    made = element(
        "Action" if operation.is_action else "Function",
        {"Name": operation.name, "IsBound": "true" if operation.is_bound else None},
    )
    if operation.row_of is not None:
        made.append(_parameter("entity", f"{_ALIAS}{operation.row_of}!"))
    if operation.rows_of is not None:
        made.append(_parameter("entityset", f"Collection({_ALIAS}{operation.rows_of})!"))
    made.extend(_parameter(name, kind) for name, kind in operation.parameters.items())
    if operation.returns is not None:
        made.append(element("ReturnType", {"Type": operation.returns, "Nullable": "false"}))
    return made


def _parameter(name: str, kind: str) -> Element:
    plain = kind.removesuffix(_REQUIRED)
    return element(
        "Parameter",
        {
            "Name": name,
            "Type": plain,
            "Nullable": "false" if plain != kind else None,
            "Unicode": "false" if plain == _TEXT else None,
        },
    )


def import_elements() -> Iterator[Element]:
    """Yield the imports through which unbound operations are called."""
    for operation in OPERATIONS:
        if not operation.is_bound:
            kind = "Action" if operation.is_action else "Function"
            attributes = {"Name": operation.name, kind: _ALIAS + operation.name}
            yield element(f"{kind}Import", attributes)
