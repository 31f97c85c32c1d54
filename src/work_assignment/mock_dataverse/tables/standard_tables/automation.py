"""What a webhook is registered with, and the system jobs it leaves behind."""

from __future__ import annotations

from ..columns import any_of, choice, double, identifier, lookup, memo, moment, text, whole, yes_no
from ..definitions import together
from ..metadata import CascadeDelete
from ..system_columns import ORGANIZATION_OWNED, State
from ..table_builder import define

SERVICE_ENDPOINT = define(
    "ServiceEndpoint",
    4618,
    "serviceendpoints",
    "Service Endpoint",
    "Service Endpoints",
    (
        text("Name", "Name", 256),
        text("Description", "Description", 256),
        text("Url", "Url", 2000),
        choice(
            "Contract",
            "Contract",
            {
                1: "OneWay",
                2: "Queue",
                3: "Rest",
                4: "TwoWay",
                5: "Topic",
                6: "Queue (Persistent)",
                7: "Event Hub",
                8: "Webhook",
                9: "Event Grid",
            },
        ),
        choice(
            "AuthType",
            "Specify mode of authentication",
            {
                0: "Not Specified",
                1: "ACS",
                2: "SAS Key",
                3: "SAS Token",
                4: "Webhook Key",
                5: "Http Header",
                6: "Http Query String",
                7: "Connection String",
                8: "Access Key",
                9: "Managed Identity",
            },
            default=0,
        ),
        text("AuthValue", "Authentication Value", 2000, secret=True),
        yes_no("IsAuthValueSet", "Is Authentication Value Set", computed=True),
        choice("ConnectionMode", "Connection Mode", {1: "Normal", 2: "Federated"}, default=1),
        choice("MessageFormat", "Message Format", {1: "Binary XML", 2: "Json", 3: "Text XML"}, 2),
        choice("MessageCharset", "Message Charset", {0: "Default", 1: "UTF8", 252: "1252"}, 1),
        choice("UserClaim", "User Claim", {1: "None", 2: "UserId", 3: "UserInfo"}, default=1),
        choice(
            "NamespaceFormat",
            "Namespace Format",
            {1: "Namespace Name", 2: "Namespace Address"},
            default=2,
        ),
        text("NamespaceAddress", "Namespace Address", 160),
        text("SolutionNamespace", "Namespace", 160),
        text("Path", "Path", 160),
    ),
    name="Name",
    ownership=ORGANIZATION_OWNED,
    states=(),
)

SDK_MESSAGE = define(
    "SdkMessage",
    4606,
    "sdkmessages",
    "Sdk Message",
    "Sdk Messages",
    (
        text("Name", "Name", 256),
        text("CategoryName", "Category Name", 25),
        yes_no("AutoTransact", "Auto Transact", default=True),
        yes_no("Expand", "Expand"),
        yes_no("IsActive", "Is Active", default=True),
        yes_no("IsPrivate", "Is Private"),
        whole("Availability", "Availability"),
    ),
    name="Name",
    ownership=ORGANIZATION_OWNED,
    states=(),
)

SDK_MESSAGE_FILTER = define(
    "SdkMessageFilter",
    4607,
    "sdkmessagefilters",
    "Sdk Message Filter",
    "Sdk Message Filters",
    (
        text("Name", "Name", 256),
        text("PrimaryObjectTypeCode", "Primary Object Type Code", 64),
        text("SecondaryObjectTypeCode", "Secondary Object Type Code", 64),
        whole("Availability", "Availability"),
        yes_no("IsCustomProcessingStepAllowed", "Custom Processing Step Allowed", default=True),
        yes_no("IsVisible", "Is Visible", default=True),
        lookup(
            "SdkMessageId",
            "SDK Message ID",
            "sdkmessage",
            "sdkmessageid_sdkmessagefilter",
            cascade=CascadeDelete.CASCADE,
        ),
    ),
    name="Name",
    ownership=ORGANIZATION_OWNED,
    states=(),
)

STEP = define(
    "SdkMessageProcessingStep",
    4608,
    "sdkmessageprocessingsteps",
    "Sdk Message Processing Step",
    "Sdk Message Processing Steps",
    (
        text("Name", "Name", 256),
        text("Description", "Description", 256),
        choice(
            "Stage",
            "Execution Stage",
            {10: "Pre-validation", 20: "Pre-operation", 40: "Post-operation"},
            default=40,
        ),
        choice("Mode", "Execution Mode", {0: "Synchronous", 1: "Asynchronous"}, default=0),
        whole("Rank", "Execution Order", default=1),
        choice(
            "SupportedDeployment",
            "Deployment",
            {0: "Server Only", 1: "Microsoft Dynamics 365 Client for Outlook Only", 2: "Both"},
            default=0,
        ),
        choice(
            "InvocationSource", "Invocation Source", {-1: "Internal", 0: "Parent", 1: "Child"}, 0
        ),
        yes_no("AsyncAutoDelete", "Asynchronous Automatic Delete"),
        yes_no("CanUseReadOnlyConnection", "Intent"),
        memo("FilteringAttributes", "Filtering Attributes", 100_000),
        memo("Configuration", "Configuration", 1_073_741_823),
        lookup(
            "SdkMessageId",
            "SDK Message",
            "sdkmessage",
            "sdkmessageid_sdkmessageprocessingstep",
            cascade=CascadeDelete.CASCADE,
            required=True,
        ),
        lookup(
            "SdkMessageFilterId",
            "SdkMessage Filter",
            "sdkmessagefilter",
            "sdkmessagefilterid_sdkmessageprocessingstep",
            cascade=CascadeDelete.CASCADE,
        ),
        lookup(
            "EventHandler",
            "Event Handler",
            "serviceendpoint",
            "serviceendpoint_sdkmessageprocessingstep",
            navigation="eventhandler_serviceendpoint",
            cascade=CascadeDelete.CASCADE,
            required=True,
        ),
        lookup(
            "ImpersonatingUserId",
            "Impersonating User",
            "systemuser",
            "impersonatinguserid_sdkmessageprocessingstep",
        ),
    ),
    name="Name",
    ownership=ORGANIZATION_OWNED,
    states=(
        State(0, "Enabled", ((1, "Enabled"),)),
        State(1, "Disabled", ((2, "Disabled"),)),
    ),
)

STEP_IMAGE = define(
    "SdkMessageProcessingStepImage",
    4615,
    "sdkmessageprocessingstepimages",
    "Sdk Message Processing Step Image",
    "Sdk Message Processing Step Images",
    (
        text("Name", "Name", 256),
        text("Description", "Description", 256),
        text("EntityAlias", "Entity Alias", 256),
        choice("ImageType", "Image Type", {0: "PreImage", 1: "PostImage", 2: "Both"}, default=0),
        text("MessagePropertyName", "Message Property Name", 256),
        text("RelatedAttributeName", "Related Attribute Name", 256),
        memo("Attributes", "Attributes", 100_000),
        lookup(
            "SdkMessageProcessingStepId",
            "SDK Message Processing Step",
            "sdkmessageprocessingstep",
            "sdkmessageprocessingstepid_sdkmessageprocessingstepimage",
            cascade=CascadeDelete.CASCADE,
            required=True,
        ),
    ),
    name="Name",
    ownership=ORGANIZATION_OWNED,
    states=(),
)

ASYNC_OPERATION = define(
    "AsyncOperation",
    4700,
    "asyncoperations",
    "System Job",
    "System Jobs",
    (
        text("Name", "System Job Name", 256),
        choice(
            "OperationType",
            "System Job Type",
            {1: "System Event", 10: "Workflow", 12: "Update Match Code", 13: "Bulk Delete"},
        ),
        memo("Message", "Message", 1_073_741_823),
        memo("FriendlyMessage", "Friendly message", 5000),
        text("MessageName", "Message Name", 160),
        text("PrimaryEntityType", "Primary Entity Type", 128),
        any_of(
            "RegardingObjectId",
            "Regarding",
            {
                table: f"{table.capitalize()}_AsyncOperations"
                for table in (
                    "account",
                    "contact",
                    "lead",
                    "opportunity",
                    "systemuser",
                    "team",
                    "task",
                    "phonecall",
                    "email",
                    "appointment",
                    "annotation",
                    "queueitem",
                )
            },
            cascade=CascadeDelete.NO_CASCADE,
        ),
        lookup(
            "OwningExtensionId",
            "Owning Extension",
            "sdkmessageprocessingstep",
            "SdkMessageProcessingStep_AsyncOperations",
            cascade=CascadeDelete.CASCADE,
        ),
        identifier("CorrelationId", "Correlation Id"),
        identifier("RequestId", "Request"),
        whole("Depth", "Depth", 0),
        whole("ErrorCode", "Error Code", -2_147_483_648),
        whole("RetryCount", "Retry Count"),
        double("ExecutionTimeSpan", "Time Span", -2_147_483_648, 2_147_483_647),
        moment("StartedOn", "Started On"),
        moment("CompletedOn", "Completed On"),
        moment("PostponeUntil", "Postpone Until"),
        memo("Data", "Data", 1_073_741_823),
    ),
    name="Name",
    states=(
        State(0, "Ready", ((0, "Waiting For Resources"),)),
        State(1, "Suspended", ((10, "Waiting"),)),
        State(2, "Locked", ((20, "In Progress"), (21, "Pausing"), (22, "Canceling"))),
        State(3, "Completed", ((30, "Succeeded"), (31, "Failed"), (32, "Canceled"))),
    ),
)

AUTOMATION = together(
    (SERVICE_ENDPOINT, SDK_MESSAGE, SDK_MESSAGE_FILTER, STEP, STEP_IMAGE, ASYNC_OPERATION)
)
