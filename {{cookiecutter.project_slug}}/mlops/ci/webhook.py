"""An alarm in a chat: one message to the incoming webhook of a Teams or Slack channel."""

import os
from typing import Any
from urllib.parse import urlsplit

from mlops import UserError
from mlops.ci.api import DONE, TIMEOUT

ACCEPTED = (*DONE, 202)  # how Teams' workflows answer
HERE = ("127.0.0.1", "localhost", "::1")


def tell(variable: str, form: str, text: str) -> None:
    """Send the text in that form to the address that the environment variable holds.

    UserError, without the address, which is a secret: not set, not https, refused or not reached.
    """
    import requests

    address = os.environ.get(variable, "")
    if not address:
        raise UserError(f"{variable} is not set; give it the address that monitoring.webhook tells alarms to")
    if not trusted(address):
        raise UserError(f"{variable}: not an address that begins with https://; copy it from the channel again")
    try:
        answer = requests.post(address, json=message(form, text), timeout=TIMEOUT, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:
        problem = type(error).__name__
    else:
        problem = "" if answer.status_code in ACCEPTED else f"answered {answer.status_code}"
    if problem:
        raise UserError(f"the webhook of {variable}: {problem}; see whether the channel still has it")


def trusted(address: str) -> bool:
    """Whether it is one that nobody on the way can read, or on this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" or parts.hostname in HERE


def message(form: str, text: str) -> dict[str, Any]:
    """The body that the other side reads: Slack's text, or an adaptive card for Teams."""
    if form == "slack":
        return {"text": text}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": text, "wrap": True}],
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }
