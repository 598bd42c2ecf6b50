"""An alarm reaches a chat in the form that it reads, and no failure shows the address, which is a secret."""

import pytest
from chat import running_chat

from mlops import UserError
from mlops.ci.webhook import tell


@pytest.fixture
def chat():
    with running_chat() as running:
        yield running


@pytest.mark.parametrize("form", ["teams", "slack"])
def test_the_text_arrives_in_the_form_of_the_chat(chat, monkeypatch, form):
    monkeypatch.setenv("CHAT", f"{chat.address}/well")
    tell("CHAT", form, "DRIFT: temp")
    ((path, body),) = chat.heard
    assert path == "/well"
    if form == "slack":
        assert body == {"text": "DRIFT: temp"}
    else:
        (card,) = body["attachments"]
        assert body["type"] == "message" and card["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert [each["text"] for each in card["content"]["body"]] == ["DRIFT: temp"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (None, "CHAT is not set; give it the address that monitoring.webhook tells alarms to"),
        ("http://chat.example/secret", "CHAT: not an address that begins with https://"),
        ("https://[secret", "CHAT: not an address that begins with https://"),
        ("secret", "CHAT: not an address that begins with https://"),
        ("http://127.0.0.1:1/secret", "the webhook of CHAT: ConnectionError"),
        ("{chat}/secret", "the webhook of CHAT: answered 404"),
    ],
)
def test_what_cannot_be_told_is_said_without_the_address(chat, monkeypatch, address, said):
    monkeypatch.delenv("CHAT", raising=False)
    if address:
        monkeypatch.setenv("CHAT", address.format(chat=chat.address))
    with pytest.raises(UserError) as error:
        tell("CHAT", "teams", "DRIFT: temp")
    assert str(error.value).startswith(said) and "secret" not in str(error.value)
