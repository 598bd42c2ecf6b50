"""What a scoring process died of, as its log tells it."""

import re
from collections.abc import Iterable

SERVERS_OWN = r"(?!azureml_inference_server_http)"  # its exception only wraps that of the scoring script
EXCEPTION = re.compile(SERVERS_OWN + r"([A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Timeout)\b.*|error: .+)")
SILENCE = "it left no message"


def cause_of(log: Iterable[str]) -> str:
    """The last exception or error in the log, else its last line that is not empty."""
    said = [line.strip() for line in log if line.strip()]
    raised = [line for line in said if EXCEPTION.fullmatch(line)]
    return (raised or said or [SILENCE])[-1]
