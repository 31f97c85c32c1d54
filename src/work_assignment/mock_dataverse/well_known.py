"""Ids that are the same in every organization of the mock."""

from __future__ import annotations

import uuid

_NAMESPACE = uuid.UUID("6f3c1f0e-2a55-4a52-9c39-6c6d1a5d0b77")

ORGANIZATION_ID = "9c1f6d4e-0000-4000-8000-000000000001"
BUSINESS_UNIT_ID = "9c1f6d4e-0000-4000-8000-000000000002"
ADMINISTRATOR_ID = "9c1f6d4e-0000-4000-8000-000000000003"
ADMINISTRATOR_AAD_ID = "9c1f6d4e-0000-4000-8000-000000000004"
CURRENCY_ID = "9c1f6d4e-0000-4000-8000-000000000005"
TENANT_ID = "9c1f6d4e-0000-4000-8000-000000000006"
ENVIRONMENT_ID = "9c1f6d4e-0000-4000-8000-000000000007"

ORGANIZATION_NAME = "mock"
ADMINISTRATOR_DOMAIN_NAME = "admin@mock.example"

SYSTEM_ADMINISTRATOR_ROLE = "System Administrator"
SALES_MANAGER_ROLE = "Sales Manager"
SALESPERSON_ROLE = "Salesperson"
DELEGATE_ROLE = "Delegate"
ROLES = (SYSTEM_ADMINISTRATOR_ROLE, SALES_MANAGER_ROLE, SALESPERSON_ROLE, DELEGATE_ROLE)
CREATE_MESSAGE_ID = "9ebdbb1b-ea3e-db11-86a7-000a3a5473e8"
UPDATE_MESSAGE_ID = "20bebb1b-ea3e-db11-86a7-000a3a5473e8"


def stable_id(*names: str) -> str:
    """Return the id that these names always have."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(names)))


def role_id(name: str) -> str:
    return stable_id("role", name)


def message_id(name: str) -> str:
    """Return the id of an SDK message; two of them are the same in every real organization."""
    known = {"Create": CREATE_MESSAGE_ID, "Update": UPDATE_MESSAGE_ID}
    return known.get(name) or stable_id("sdkmessage", name)


def filter_id(message: str, table: str) -> str:
    return stable_id("sdkmessagefilter", message, table)
