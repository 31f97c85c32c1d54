"""Names of the tables in which webhooks and plug-in steps are registered; nobody else spells them."""

from __future__ import annotations

from work_assignment.dataverse.names import LookupName, TableName

SERVICE_ENDPOINT = TableName("serviceendpoint", "serviceendpoints", "serviceendpointid")
SDK_MESSAGE = TableName("sdkmessage", "sdkmessages", "sdkmessageid")
SDK_MESSAGE_FILTER = TableName("sdkmessagefilter", "sdkmessagefilters", "sdkmessagefilterid")
PROCESSING_STEP = TableName(
    "sdkmessageprocessingstep", "sdkmessageprocessingsteps", "sdkmessageprocessingstepid"
)


class ServiceEndpointColumn:
    """serviceendpoint."""

    NAME = "name"
    DESCRIPTION = "description"
    URL = "url"
    CONTRACT = "contract"
    AUTH_TYPE = "authtype"
    AUTH_VALUE = "authvalue"
    CONNECTION_MODE = "connectionmode"
    MESSAGE_FORMAT = "messageformat"
    MESSAGE_CHARSET = "messagecharset"
    USER_CLAIM = "userclaim"
    NAMESPACE_FORMAT = "namespaceformat"
    PATH = "path"


class SdkMessageColumn:
    """sdkmessage."""

    NAME = "name"


class SdkMessageFilterColumn:
    """sdkmessagefilter."""

    PRIMARY_OBJECT_TYPE_CODE = "primaryobjecttypecode"
    SDK_MESSAGE = LookupName("sdkmessageid", "sdkmessageid")


class ProcessingStepColumn:
    """sdkmessageprocessingstep."""

    NAME = "name"
    DESCRIPTION = "description"
    STAGE = "stage"
    MODE = "mode"
    RANK = "rank"
    SUPPORTED_DEPLOYMENT = "supporteddeployment"
    INVOCATION_SOURCE = "invocationsource"
    ASYNC_AUTO_DELETE = "asyncautodelete"
    FILTERING_ATTRIBUTES = "filteringattributes"
    SDK_MESSAGE = LookupName("sdkmessageid", "sdkmessageid")
    SDK_MESSAGE_FILTER = LookupName("sdkmessagefilterid", "sdkmessagefilterid")
    EVENT_HANDLER = LookupName("eventhandler", "eventhandler_serviceendpoint")
