"""Logical names, entity set names and navigation names; nobody else spells them.

The values of choice columns are in choices.py.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableName:
    """A table: its logical name, the entity set its URLs use, and its primary key column."""

    logical_name: str
    entity_set: str
    primary_id: str


@dataclass(frozen=True, slots=True)
class LookupName:
    """A lookup: its column, and the navigation property that binds it (its case matters)."""

    column: str
    navigation: str

    @property
    def value(self) -> str:
        """The property that carries the id when a row is read or filtered."""
        return f"_{self.column}_value"

    @property
    def bind(self) -> str:
        """The property that sets the lookup when a row is written."""
        return f"{self.navigation}@odata.bind"


# Tables of this product

SEGMENT = TableName("wa_segment", "wa_segments", "wa_segmentid")
ASSIGNMENT_RULE = TableName("wa_assignmentrule", "wa_assignmentrules", "wa_assignmentruleid")
SELLER_ATTRIBUTE = TableName("wa_sellerattribute", "wa_sellerattributes", "wa_sellerattributeid")
SELLER_ATTRIBUTE_VALUE = TableName(
    "wa_sellerattributevalue", "wa_sellerattributevalues", "wa_sellerattributevalueid"
)
SELLER = TableName("wa_seller", "wa_sellers", "wa_sellerid")
SETTING = TableName("wa_setting", "wa_settings", "wa_settingid")
ROUTING_RUN = TableName("wa_routingrun", "wa_routingruns", "wa_routingrunid")
SWEEP = TableName("wa_sweep", "wa_sweeps", "wa_sweepid")
WORK_ITEM_STATE = TableName("wa_workitemstate", "wa_workitemstates", "wa_workitemstateid")
WORKLIST_SETTING = TableName("wa_worklistsetting", "wa_worklistsettings", "wa_worklistsettingid")

# Standard tables

LEAD = TableName("lead", "leads", "leadid")
OPPORTUNITY = TableName("opportunity", "opportunities", "opportunityid")
ACCOUNT = TableName("account", "accounts", "accountid")
CONTACT = TableName("contact", "contacts", "contactid")
SYSTEM_USER = TableName("systemuser", "systemusers", "systemuserid")
USER_SETTINGS = TableName("usersettings", "usersettingscollection", "systemuserid")
TEAM = TableName("team", "teams", "teamid")
QUEUE = TableName("queue", "queues", "queueid")
QUEUE_ITEM = TableName("queueitem", "queueitems", "queueitemid")
ORGANIZATION = TableName("organization", "organizations", "organizationid")
ROLE = TableName("role", "roles", "roleid")
APP_NOTIFICATION = TableName("appnotification", "appnotifications", "appnotificationid")
SYSTEM_JOB = TableName("asyncoperation", "asyncoperations", "asyncoperationid")

# Many-to-many relationships: the navigation property has the same name on both sides

SELLER_ATTRIBUTE_VALUE_SYSTEM_USER = "wa_sellerattributevalue_systemuser"
USER_ROLES = "systemuserroles_association"
TEAM_MEMBERS = "teammembership_association"

# Their tables, for FetchXML links

SELLER_ATTRIBUTE_VALUE_SYSTEM_USER_TABLE = TableName(
    "wa_sellerattributevalue_systemuser",
    "wa_sellerattributevalue_systemuserset",
    "wa_sellerattributevalue_systemuserid",
)


class Common:
    """Columns that every table, or every user-owned table, has."""

    CREATED_ON = "createdon"
    CREATED_BY = LookupName("createdby", "createdby")
    MODIFIED_ON = "modifiedon"
    MODIFIED_BY = LookupName("modifiedby", "modifiedby")
    OWNER = LookupName("ownerid", "ownerid")
    OWNING_USER = LookupName("owninguser", "owninguser")
    OWNING_TEAM = LookupName("owningteam", "owningteam")
    STATE = "statecode"
    STATUS = "statuscode"
    NAME = "name"
    VERSION_NUMBER = "versionnumber"


class RoutedColumn:
    """What routing adds to every table whose records it assigns."""

    SEGMENT = LookupName("wa_segmentid", "wa_SegmentId")
    ASSIGNMENT_RESULT = "wa_assignmentresult"


class SegmentColumn:
    """wa_segment; alternate key: record type and name."""

    NAME = "wa_name"
    DESCRIPTION = "wa_description"
    RECORD_TYPE = "wa_recordtype"
    PRIORITY = "wa_priority"
    FILTER = "wa_filter"
    ALLOW_MOVE_IN = "wa_allowmovein"
    REASSIGN_ON_MOVE = "wa_reassignonmove"
    SCHEDULE = "wa_schedule"
    MANAGER = LookupName("wa_managerid", "wa_ManagerId")
    ACTIVATED_ON = "wa_activatedon"
    STATUS = "statuscode"


class AssignmentRuleColumn:
    """wa_assignmentrule; alternate key: record type and name."""

    NAME = "wa_name"
    DESCRIPTION = "wa_description"
    SEGMENT = LookupName("wa_segmentid", "wa_SegmentId")
    RECORD_TYPE = "wa_recordtype"
    EVALUATION_ORDER = "wa_evaluationorder"
    FILTER = "wa_filter"
    CREATED_WITHIN_HOURS = "wa_createdwithinhours"
    DISTRIBUTE_TO = "wa_distributeto"
    MATCH_TYPE = "wa_matchtype"
    SELLER_FILTER = "wa_sellerfilter"
    ATTRIBUTE_FILTER = "wa_attributefilter"
    SELLER_LIST = "wa_sellerlist"
    DISTRIBUTION_TYPE = "wa_distributiontype"
    USE_CAPACITY = "wa_usecapacity"
    AVAILABLE_WITHIN_HOURS = "wa_availablewithinhours"
    ON_NO_SELLER = "wa_onnoseller"
    ACTIVATED_ON = "wa_activatedon"
    MATCHED_RECORDS = "wa_matchedrecords"
    STATUS = "statuscode"


class SellerAttributeColumn:
    """wa_sellerattribute; alternate key: name."""

    NAME = "wa_name"


class SellerAttributeValueColumn:
    """wa_sellerattributevalue; alternate key: attribute and name."""

    NAME = "wa_name"
    SELLER_ATTRIBUTE = LookupName("wa_sellerattributeid", "wa_SellerAttributeId")


class SellerColumn:
    """wa_seller; alternate key: the user."""

    NAME = "wa_name"
    SYSTEM_USER = LookupName("wa_systemuserid", "wa_SystemUserId")
    TAKES_ASSIGNMENTS = "wa_takesassignments"
    MAX_CAPACITY = "wa_maxcapacity"
    OPEN_COUNT = "wa_opencount"
    RESERVATIONS = "wa_reservations"
    LAST_ASSIGNED_ON = "wa_lastassignedon"
    ORDER_STAMP = "wa_orderstamp"
    WORKING_HOURS = "wa_workinghours"
    TIME_OFF = "wa_timeoff"
    RULE_STAMPS = "wa_rulestamps"
    UNUSED_TURNS = "wa_unusedturns"


class SettingColumn:
    """wa_setting; alternate key: name."""

    NAME = "wa_name"
    DEFAULT_CAPACITY = "wa_defaultcapacity"
    ROUND_ROBIN_SCOPE = "wa_roundrobinscope"
    EVALUATION_TIME_ZONE = "wa_evaluationtimezone"
    ELIGIBLE_ROLES = "wa_eligibleroles"
    RECORD_TYPES = "wa_recordtypes"
    KEEP_SELF_CREATED = "wa_keepselfcreated"
    SCORE_COLUMN = "wa_scorecolumn"
    OWNER_COLUMN = "wa_ownercolumn"
    FLAP_LIMIT_MOVES = "wa_flaplimitmoves"
    FLAP_LIMIT_HOURS = "wa_flaplimithours"
    SWEEP_LIMIT = "wa_sweeplimit"
    KEEP_RUNS_DAYS = "wa_keeprunsdays"
    NOTIFICATIONS = "wa_notifications"
    RUNS_CLEARED_ON = "wa_runsclearedon"
    TRIGGER_COLUMNS = "wa_triggercolumns"
    DEFINITIONS_VERSION = "wa_definitionsversion"


class RoutingRunColumn:
    """wa_routingrun; alternate key: record type, record and record version."""

    NAME = "wa_name"
    RECORD_TYPE = "wa_recordtype"
    RECORD_ID = "wa_recordid"
    RECORD_VERSION = "wa_recordversion"
    REQUEST_SOURCE = "wa_requestsource"
    SEGMENTATION_STATUS = "wa_segmentationstatus"
    ROUTING_STATUS = "wa_routingstatus"
    SEQUENCE_STATUS = "wa_sequencestatus"
    SEGMENT = LookupName("wa_segmentid", "wa_SegmentId")
    PREVIOUS_RESULT = "wa_previousresult"
    PREVIOUS_SEGMENT = LookupName("wa_previoussegmentid", "wa_PreviousSegmentId")
    ASSIGNMENT_RULE = LookupName("wa_assignmentruleid", "wa_AssignmentRuleId")
    ASSIGNED_SELLER = LookupName("wa_assignedsellerid", "wa_AssignedSellerId")
    ASSIGNED_TEAM = LookupName("wa_assignedteamid", "wa_AssignedTeamId")
    ASSIGNED_QUEUE = LookupName("wa_assignedqueueid", "wa_AssignedQueueId")
    PREVIOUS_OWNER = "wa_previousowner"
    PREVIOUS_OWNER_TYPE = "wa_previousownertype"
    REASON = "wa_reason"
    EXPLANATION = "wa_explanation"
    BLOCK = "wa_block"
    MODE = "wa_mode"
    ATTEMPTS = "wa_attempts"
    LAST_ATTEMPT_ON = "wa_lastattempton"
    DECIDED_ON = "wa_decidedon"
    TELL_PENDING = "wa_tellpending"
    TELL_AFTER = "wa_tellafter"
    TELL_OTHERS = "wa_tellothers"
    TELL_OTHERS_AFTER = "wa_tellothersafter"
    TOLD_OUTSIDE = "wa_toldoutside"
    DUE_ON = "wa_dueon"
    ESCALATE_ON = "wa_escalateon"
    OVERDUE = "wa_overdue"
    SWEEP = LookupName("wa_sweepid", "wa_SweepId")


class SweepColumn:
    """wa_sweep."""

    NAME = "wa_name"
    SEGMENT = LookupName("wa_segmentid", "wa_SegmentId")
    RECORD_TYPE = "wa_recordtype"
    TRIGGER_TYPE = "wa_triggertype"
    INSTANCE_TYPE = "wa_instancetype"
    RECORD_IDS = "wa_recordids"
    SINCE = "wa_since"
    DUE_TIME = "wa_duetime"
    START_TIME = "wa_starttime"
    END_TIME = "wa_endtime"
    TOTAL_RECORDS = "wa_totalrecords"
    RECORDS_SUCCEEDED_COUNT = "wa_recordssucceededcount"
    RECORDS_FAILED_COUNT = "wa_recordsfailedcount"
    UNDONE = "wa_undone"
    UNDONE_COUNT = "wa_undonecount"
    MESSAGE = "wa_message"
    CURSOR = "wa_cursor"
    STATUS = "statuscode"


class WorkItemStateColumn:
    """wa_workitemstate; alternate key: name, which says whose and of what. Its owner is the person."""

    NAME = "wa_name"
    RECORD_TYPE = "wa_recordtype"
    RECORD_ID = "wa_recordid"
    FOLLOWED = "wa_followed"


class WorklistSettingColumn:
    """wa_worklistsetting; alternate key: name, which says whose. Its owner is the person."""

    NAME = "wa_name"
    MUTED_NOTIFICATIONS = "wa_mutednotifications"


class UserSettingsColumn:
    """usersettings; its primary key is the user's."""

    UI_LANGUAGE = "uilanguageid"


class SystemUserColumn:
    """systemuser."""

    FULL_NAME = "fullname"
    FIRST_NAME = "firstname"
    LAST_NAME = "lastname"
    DOMAIN_NAME = "domainname"
    EMAIL = "internalemailaddress"
    IS_DISABLED = "isdisabled"
    ACCESS_MODE = "accessmode"
    APPLICATION_ID = "applicationid"
    DIRECTORY_OBJECT_ID = "azureactivedirectoryobjectid"
    BUSINESS_UNIT = LookupName("businessunitid", "businessunitid")
    MANAGER = LookupName("parentsystemuserid", "parentsystemuserid")
    CALENDAR = LookupName("calendarid", "calendarid")
    QUEUE = LookupName("queueid", "queueid")


class OrganizationColumn:
    """organization: how it counts weeks and fiscal years."""

    WEEK_START_DAY = "weekstartdaycode"
    FISCAL_CALENDAR_START = "fiscalcalendarstart"
    FISCAL_PERIOD_TYPE = "fiscalperiodtype"
    FISCAL_YEAR_DISPLAY = "fiscalyeardisplaycode"


class TeamColumn:
    """team."""

    TEAM_TYPE = "teamtype"


class QueueItemColumn:
    """queueitem: a record in a queue. Both objects and workers are of several tables."""

    OBJECT = LookupName("objectid", "objectid_lead")
    QUEUE = LookupName("queueid", "queueid")
    WORKER = LookupName("workerid", "workerid_systemuser")


class SystemJobColumn:
    """asyncoperation."""

    NAME = "name"
    OPERATION_TYPE = "operationtype"
    MESSAGE = "message"
    STATUS = "statuscode"
    COMPLETED_ON = "completedon"
    OWNING_EXTENSION = LookupName("owningextensionid", "owningextensionid")


class AppNotificationColumn:
    """appnotification."""

    TITLE = "title"
    BODY = "body"
    DATA = "data"
    ICON_TYPE = "icontype"
    TOAST_TYPE = "toasttype"
    PRIORITY = "priority"
    TIME_TO_LIVE_SECONDS = "ttlinseconds"
