"""Checks of who calls: tokens, applications."""

from __future__ import annotations

from ..world import World
from .asking import ask


def token_endpoint(world: World) -> None:
    """Client credentials buy a token; a wrong secret does not."""
    client = world.register_application()
    path = f"{world.server.url}/{world.known['id9']}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.secret,
        "scope": f"{world.server.url}/.default",
    }
    answer = world.session.post(path, data=form, timeout=10)
    assert answer.status_code == 200, answer.text
    token = answer.json()
    assert token["token_type"] == "Bearer"
    assert token["access_token"]
    assert int(token["expires_in"]) > 0
    refused = world.session.post(path, data={**form, "client_secret": "wrong"}, timeout=10)
    assert refused.status_code == 401, refused.text
    assert refused.json()["error"] == "invalid_client"


def application_user(world: World) -> None:
    """The token of an application acts as the user that has its id."""
    client = world.register_application()
    headers = {"Authorization": f"Bearer {client.token()}"}
    ask(world, "GET WhoAmI", headers=headers, answers=200, has={"UserId": client.user_id})
