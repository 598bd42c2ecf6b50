"""Open the MLflow UI of the local platform on loopback: runs, metrics, models and versions. Ctrl-C ends it."""

import argparse
import socket
import subprocess
import sys
from collections.abc import Sequence

from mlops import UserError
from mlops.commands.console import YES, command
from mlops.platform.tracking import database, local_uri


def check_free(port: int) -> None:
    """UserError when something listens there already."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise UserError(f"port {port} is taken; choose another with --port") from None


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ui", description=__doc__)
    parser.add_argument("--port", type=int, default=5000, help="port on 127.0.0.1")
    args = parser.parse_args(argv)
    if not database().exists():
        raise UserError(f"{database()}: no runs yet; run `run_pipeline` first")
    check_free(args.port)
    print(f"http://127.0.0.1:{args.port}", flush=True)
    command_line = [sys.executable, "-m", "mlflow", "ui", "--host", "127.0.0.1", "--port", str(args.port)]
    return subprocess.run([*command_line, "--backend-store-uri", local_uri()], check=False).returncode or YES


if __name__ == "__main__":
    sys.exit(main())
