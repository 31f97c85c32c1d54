"""Functions and actions: a table of those that are emulated, and of those that answer 501."""

from __future__ import annotations

from functools import partial

from ..faults import Fault, not_emulated
from ..requests.exchanges import Request, Response
from ..requests.sessions import Session
from ..resource_paths import Segment
from ..tables.metadata import Table
from ..writing.keys import Key
from .bulk import create_multiple, delete_multiple, update_multiple, upsert_multiple
from .bulk_delete import bulk_delete
from .calls import Call, Message, read_parameters
from .counts import retrieve_total_record_count
from .definition_queries import retrieve_metadata_changes
from .emails import instantiate_template, send_email, send_email_from_template
from .leads import qualify_lead
from .opportunities import lose_opportunity, win_opportunity
from .option_values import (
    delete_option_value,
    insert_option_value,
    insert_status_value,
    order_option,
    update_option_value,
    update_state_value,
)
from .organization import (
    retrieve_available_languages,
    retrieve_current_organization,
    retrieve_provisioned_languages,
    retrieve_version,
    send_notification,
    who_am_i,
)
from .possible_relationships import can_be_related, valid_many_to_many, valid_related
from .publishing import create_entities, publish_all_xml, publish_xml, reactivate_entity_key
from .queues import (
    add_principal_to_queue,
    add_to_queue,
    pick_from_queue,
    release_to_queue,
    remove_from_queue,
)
from .roles import (
    add_privileges,
    retrieve_user_privilege_by_name,
    retrieve_user_privileges,
    retrieve_user_privileges_by_names,
)
from .schedules import expand_calendar, query_multiple_schedules, query_schedule
from .sharing import (
    grant_access,
    modify_access,
    retrieve_principal_access,
    retrieve_shared_principals,
    revoke_access,
)
from .teams import add_members, remove_members

UNBOUND: dict[str, Message] = {
    "WhoAmI": Message("GET", who_am_i),
    "RetrieveVersion": Message("GET", retrieve_version),
    "RetrieveAvailableLanguages": Message("GET", retrieve_available_languages),
    "RetrieveProvisionedLanguages": Message("GET", retrieve_provisioned_languages),
    "RetrieveCurrentOrganization": Message("GET", retrieve_current_organization),
    "RetrieveTotalRecordCount": Message("GET", retrieve_total_record_count),
    "RetrieveMetadataChanges": Message("GET", retrieve_metadata_changes),
    "SendAppNotification": Message("POST", send_notification),
    "InstantiateTemplate": Message("POST", instantiate_template),
    "SendEmailFromTemplate": Message("POST", send_email_from_template),
    "WinOpportunity": Message("POST", win_opportunity),
    "LoseOpportunity": Message("POST", lose_opportunity),
    "GrantAccess": Message("POST", grant_access),
    "ModifyAccess": Message("POST", modify_access),
    "RevokeAccess": Message("POST", revoke_access),
    "RetrieveSharedPrincipalsAndAccess": Message("GET", retrieve_shared_principals),
    "BulkDelete": Message("POST", bulk_delete),
    "CreateEntities": Message("POST", create_entities),
    "InsertOptionValue": Message("POST", insert_option_value),
    "InsertStatusValue": Message("POST", insert_status_value),
    "UpdateOptionValue": Message("POST", update_option_value),
    "UpdateStateValue": Message("POST", update_state_value),
    "DeleteOptionValue": Message("POST", delete_option_value),
    "OrderOption": Message("POST", order_option),
    "ReactivateEntityKey": Message("POST", reactivate_entity_key),
    "CanBeReferenced": Message("POST", can_be_related),
    "CanBeReferencing": Message("POST", can_be_related),
    "CanManyToMany": Message("POST", can_be_related),
    "GetValidManyToMany": Message("GET", valid_many_to_many),
    "GetValidReferencedEntities": Message(
        "GET", partial(valid_related, other_side="ReferencingEntityName")
    ),
    "GetValidReferencingEntities": Message(
        "GET", partial(valid_related, other_side="ReferencedEntityName")
    ),
    "PublishXml": Message("POST", publish_xml),
    "PublishAllXml": Message("POST", publish_all_xml),
    "QuerySchedule": Message("GET", query_schedule),
    "QueryMultipleSchedules": Message("GET", query_multiple_schedules),
}
ON_COLLECTION: dict[str, Message] = {
    "CreateMultiple": Message("POST", create_multiple),
    "UpdateMultiple": Message("POST", update_multiple),
    "UpsertMultiple": Message("POST", upsert_multiple),
    "DeleteMultiple": Message("POST", delete_multiple),
}
# By the table that a message is bound to, and its name.
ON_ROW: dict[tuple[str, str], Message] = {
    ("lead", "QualifyLead"): Message("POST", qualify_lead),
    ("email", "SendEmail"): Message("POST", send_email),
    ("queue", "AddToQueue"): Message("POST", add_to_queue),
    ("queue", "AddPrincipalToQueue"): Message("POST", add_principal_to_queue),
    ("queueitem", "PickFromQueue"): Message("POST", pick_from_queue),
    ("queueitem", "ReleaseToQueue"): Message("POST", release_to_queue),
    ("queueitem", "RemoveFromQueue"): Message("POST", remove_from_queue),
    ("team", "AddMembersTeam"): Message("POST", add_members),
    ("team", "RemoveMembersTeam"): Message("POST", remove_members),
    ("systemuser", "RetrievePrincipalAccess"): Message("GET", retrieve_principal_access),
    ("team", "RetrievePrincipalAccess"): Message("GET", retrieve_principal_access),
    ("role", "AddPrivilegesRole"): Message("POST", add_privileges),
    ("systemuser", "RetrieveUserPrivileges"): Message("GET", retrieve_user_privileges),
    ("systemuser", "RetrieveUserPrivilegeByPrivilegeName"): Message(
        "GET", retrieve_user_privilege_by_name
    ),
    ("systemuser", "RetrieveUserSetOfPrivilegesByNames"): Message(
        "GET", retrieve_user_privileges_by_names
    ),
    ("calendar", "ExpandCalendar"): Message("GET", expand_calendar),
}
# Real messages of Dataverse and Dynamics 365 Sales that answer 501 here.
NOT_EMULATED: frozenset[str] = frozenset(
    [
        "AddListMembersList",
        "AddSolutionComponent",
        "AddUserToRecordTeam",
        "BulkDetectDuplicates",
        "CalculateActualValueOpportunity",
        "CalculatePrice",
        "CalculateRollupField",
        "CancelSalesOrder",
        "CloneAsPatch",
        "CloneAsSolution",
        "CloseIncident",
        "CloseQuote",
        "CommitAnnotationBlocksUpload",
        "CommitAttachmentBlocksUpload",
        "CommitFileBlocksUpload",
        "ConvertQuoteToSalesOrder",
        "CreateCustomerRelationships",
        "CreatePolymorphicLookupAttribute",
        "DeleteAndPromote",
        "DeleteFile",
        "DownloadBlock",
        "ExecuteWorkflow",
        "ExportSolution",
        "ExportSolutionAsync",
        "FormatAddress",
        "GenerateQuoteFromOpportunity",
        "GenerateSalesOrderFromOpportunity",
        "GetDefaultPriceLevel",
        "GetFileSasUrl",
        "GetNextAutoNumberValue",
        "ImportSolution",
        "ImportSolutionAsync",
        "InitializeAnnotationBlocksDownload",
        "InitializeAnnotationBlocksUpload",
        "InitializeAttachmentBlocksDownload",
        "InitializeAttachmentBlocksUpload",
        "InitializeFileBlocksDownload",
        "InitializeFileBlocksUpload",
        "InitializeFrom",
        "IsValidStateTransition",
        "LocalTimeFromUtcTime",
        "Merge",
        "msdyn_BusinessClosureDelete",
        "msdyn_BusinessClosureSave",
        "msdyn_DeleteCalendar",
        "msdyn_LoadCalendars",
        "msdyn_SaveCalendar",
        "PublishDuplicateRule",
        "RemovePrivilegeRole",
        "RemoveSolutionComponent",
        "RemoveUserFromRecordTeam",
        "ReplacePrivilegesRole",
        "RetrieveAadUserRoles",
        "RetrieveActivePath",
        "RetrieveAllEntities",
        "RetrieveAttributeChangeHistory",
        "RetrieveAuditDetails",
        "RetrieveDependenciesForDelete",
        "RetrieveDependentComponents",
        "RetrieveDuplicates",
        "RetrieveEntity",
        "RetrieveMissingDependencies",
        "RetrieveProcessInstances",
        "RetrieveRecordChangeHistory",
        "RetrieveRequiredComponents",
        "RetrieveRolePrivilegesRole",
        "RetrieveSetting",
        "RetrieveTeamPrivileges",
        "RetrieveTimestamp",
        "RetrieveUnpublished",
        "RetrieveUnpublishedMultiple",
        "RetrieveUserPrivilegeByPrivilegeId",
        "RetrieveUserQueues",
        "RetrieveUserSetOfPrivilegesByIds",
        "RetrieveUsersPrivilegesThroughTeams",
        "ReviseQuote",
        "RouteTo",
        "SaveSettingValue",
        "SetProcess",
        "StageAndUpgrade",
        "StageSolution",
        "UploadBlock",
        "UtcTimeFromLocalTime",
        "WinQuote",
    ]
)


def answer_unbound(session: Session, segment: Segment, request: Request) -> Response | None:
    """Answer `Name` or `Name(a=1)`; None when there is no such message, or not with this method."""
    message = UNBOUND.get(segment.name)
    if message is None:
        if segment.name in NOT_EMULATED:
            raise not_emulated(f"the message {segment.name}")
        return None
    if message.method != request.method:
        return None
    return message.answer(Call(session, request, segment.name, read_parameters(segment, request)))


def answer_bound(
    session: Session, table: Table, key: Key | None, segment: Segment, request: Request
) -> Response:
    """Answer a message bound to a collection, or to the row with `key`."""
    name = segment.message or ""
    message = ON_COLLECTION.get(name) if key is None else ON_ROW.get((table.logical_name, name))
    if message is not None and message.method == request.method:
        parameters = read_parameters(segment, request)
        return message.answer(Call(session, request, name, parameters, table, key))
    if name in NOT_EMULATED:
        raise not_emulated(f"the message {name}")
    raise Fault(
        404,
        "0x8006088a",
        f"No HTTP resource was found that matches the request URI '{request.root}{request.path}'.",
    )
