"""Open the MLflow UI of the local platform on loopback: runs, metrics, models and versions. Ctrl-C ends it."""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from mlops import UserError
from mlops.commands.console import YES, command
from mlops.platform.local.processes import trouble_with
from mlops.platform.tracking import database, local_uri


@command
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ui", description=__doc__)
    parser.add_argument("--port", type=int, default=5000, help="port on 127.0.0.1")
    args = parser.parse_args(argv)
    if not database().exists():
        raise UserError(f"{database()}: no runs yet; run `run_pipeline` first")
    if trouble := trouble_with(args.port):
        raise UserError(f"port {args.port} {trouble}; choose another with --port")
    print(f"http://127.0.0.1:{args.port}", flush=True)
    command_line = [sys.executable, "-m", "mlflow", "ui", "--host", "127.0.0.1", "--port", str(args.port)]
    return subprocess.run([*command_line, "--backend-store-uri", local_uri()], check=False).returncode or YES


if __name__ == "__main__":
    sys.exit(main())
