"""The complex types and enumerations of functions' and actions' parameters and answers."""

from __future__ import annotations

from collections.abc import Mapping

_TEXT, _FLAG, _WHOLE, _GUID = "Edm.String", "Edm.Boolean", "Edm.Int32", "Edm.Guid"
_MOMENT = "Edm.DateTimeOffset"
_PRIVILEGES = {"RolePrivileges": "Collection(mscrm.RolePrivilege)"}
_NAMES = {"EntityNames": "Collection(Edm.String)"}
_TIMES = {"TimeInfos": "Collection(mscrm.TimeInfo)"}
# Of these several members may be given at once.
FLAG_ENUMS = frozenset({"AccessRights", "DeletedMetadataFilters"})
OPERATION_ENUMS: Mapping[str, Mapping[str, int]] = {
    "AccessRights": {
        "None": 0,
        "ReadAccess": 1,
        "WriteAccess": 2,
        "AppendAccess": 4,
        "AppendToAccess": 16,
        "CreateAccess": 32,
        "DeleteAccess": 65536,
        "ShareAccess": 262144,
        "AssignAccess": 524288,
    },
    "EndpointAccessType": {"Default": 0, "Internet": 1, "Intranet": 2},
    "OrganizationState": {"Enabled": 0, "Disabled": 1},
    "PrivilegeDepth": {"Basic": 0, "Local": 1, "Deep": 2, "Global": 3, "RecordFilter": 4},
    "SubCode": {
        "Unspecified": 0,
        "Schedulable": 1,
        "Committed": 2,
        "Uncommitted": 3,
        "Break": 4,
        "Holiday": 5,
        "Vacation": 6,
        "Appointment": 7,
        "ResourceStartTime": 8,
        "ResourceServiceRestriction": 9,
        "ResourceCapacity": 10,
        "ServiceRestriction": 11,
        "ServiceCost": 12,
    },
    "TimeCode": {"Available": 0, "Busy": 1, "Unavailable": 2, "Filter": 3},
}
OPERATION_TYPES: Mapping[str, Mapping[str, str]] = {
    "AddToQueueResponse": {"QueueItemId": _GUID},
    "BulkDeleteResponse": {"JobId": _GUID},
    "CanBeReferencedResponse": {"CanBeReferenced": _FLAG},
    "CanBeReferencingResponse": {"CanBeReferencing": _FLAG},
    "CanManyToManyResponse": {"CanManyToMany": _FLAG},
    "CreateEntitiesResponse": {"EntityIds": "Collection(Edm.Guid)"},
    "CreateMultipleResponse": {"Ids": "Collection(Edm.Guid)"},
    "EndpointCollection": {
        "Count": _WHOLE,
        "IsReadOnly": _FLAG,
        "Keys": "Collection(Edm.String)",
        "Values": "Collection(Edm.String)",
    },
    "EntityRecordCountCollection": {
        "Count": _WHOLE,
        "IsReadOnly": _FLAG,
        "Keys": "Collection(Edm.String)",
        "Values": "Collection(Edm.Int64)",
    },
    "ExpandCalendarResponse": {"result": "Collection(mscrm.TimeInfo)"},
    "GetValidManyToManyResponse": _NAMES,
    "GetValidReferencedEntitiesResponse": _NAMES,
    "GetValidReferencingEntitiesResponse": _NAMES,
    "InsertOptionValueResponse": {"NewOptionValue": _WHOLE},
    "InsertStatusValueResponse": {"NewOptionValue": _WHOLE},
    "OrganizationDetail": {
        "OrganizationId": _GUID,
        "FriendlyName": _TEXT,
        "OrganizationVersion": _TEXT,
        "EnvironmentId": _TEXT,
        "DatacenterId": _GUID,
        "Geo": _TEXT,
        "TenantId": _TEXT,
        "UrlName": _TEXT,
        "UniqueName": _TEXT,
        "State": "mscrm.OrganizationState",
        "SchemaType": _TEXT,
        "Endpoints": "mscrm.EndpointCollection",
    },
    "PrincipalAccess": {"AccessMask": "mscrm.AccessRights", "Principal": "mscrm.principal"},
    "QueryMultipleSchedulesResponse": {"TimeInfos": "Collection(mscrm.TimeInfoArray)"},
    "QueryScheduleResponse": _TIMES,
    "RetrieveAvailableLanguagesResponse": {"LocaleIds": "Collection(Edm.Int32)"},
    "RetrieveProvisionedLanguagesResponse": {
        "RetrieveProvisionedLanguages": "Collection(Edm.Int32)"
    },
    "RetrieveCurrentOrganizationResponse": {"Detail": "mscrm.OrganizationDetail"},
    "RetrievePrincipalAccessResponse": {"AccessRights": "mscrm.AccessRights"},
    "RetrieveSharedPrincipalsAndAccessResponse": {
        "PrincipalAccesses": "Collection(mscrm.PrincipalAccess)"
    },
    "RetrieveTotalRecordCountResponse": {
        "EntityRecordCountCollection": "mscrm.EntityRecordCountCollection"
    },
    "RetrieveUserPrivilegeByPrivilegeNameResponse": _PRIVILEGES,
    "RetrieveUserPrivilegesResponse": _PRIVILEGES,
    "RetrieveUserSetOfPrivilegesByNamesResponse": _PRIVILEGES,
    "RetrieveVersionResponse": {"Version": _TEXT},
    "RolePrivilege": {
        "Depth": "mscrm.PrivilegeDepth",
        "PrivilegeId": _GUID,
        "BusinessUnitId": _GUID,
        "PrivilegeName": _TEXT,
    },
    "SendAppNotificationResponse": {"NotificationId": _GUID},
    "SendEmailFromTemplateResponse": {"Id": _GUID},
    "SendEmailResponse": {"Subject": _TEXT},
    "TimeInfo": {
        "Start": _MOMENT,
        "End": _MOMENT,
        "TimeCode": "mscrm.TimeCode",
        "SubCode": "mscrm.SubCode",
        "SourceId": _GUID,
        "CalendarId": _GUID,
        "SourceTypeCode": _WHOLE,
        "IsActivity": _FLAG,
        "ActivityStatusCode": _WHOLE,
        "Effort": "Edm.Double",
        "DisplayText": _TEXT,
    },
    "TimeInfoArray": _TIMES,
    "WhoAmIResponse": {"BusinessUnitId": _GUID, "UserId": _GUID, "OrganizationId": _GUID},
}
