"""Microsoft's inference server, on loopback and for the endpoint's router alone. It runs in the serving environment.

The server's own command listens on every network address, and answers whoever asks.
"""

import hmac
import os
from collections.abc import Callable, Iterable
from typing import Any

import flask
from azureml_inference_server_http import constants

LOOPBACK = "127.0.0.1"

Application = Callable[[Any, dict[str, Any], Callable[..., Any]], Iterable[bytes]]  # a method of Flask's, by WSGI


def guarded(application: Application, key: str) -> Application:
    """The application for those who send this key; all others are refused, whatever they ask for."""

    def answer(app: Any, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = environ.get("HTTP_AUTHORIZATION", "")
        if key and hmac.compare_digest(sent.encode(errors="replace"), f"Bearer {key}".encode()):
            return application(app, environ, start_response)
        start_response("401 Unauthorized", [("Content-Type", "application/json")])
        return [b'{"error": "this is the router\'s alone; ask the endpoint"}']

    return answer


def main() -> None:
    key = os.environ.pop("MLOPS_SCORING_KEY")  # no business of the model's
    flask.Flask.wsgi_app = guarded(flask.Flask.wsgi_app, key)  # type: ignore[method-assign, assignment]
    constants.DEFAULT_HOST = LOOPBACK
    from azureml_inference_server_http.amlserver import run  # it reads the constants when it is imported

    run()


if __name__ == "__main__":
    main()
