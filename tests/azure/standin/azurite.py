"""Azurite, Microsoft's emulator of blob storage, as a process."""

import base64
import hashlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from filelock import FileLock

NODE = Path(__file__).parent.parent / "node"
LOCK = NODE / "package-lock.json"
INSTALLED_LOCK = NODE / "node_modules" / "installed-lock.json"
MAIN = NODE / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
OPTIONS = ("--skipApiVersionCheck", "--disableTelemetry", "--silent")  # the SDK is newer than what Azurite knows
ACCOUNT = "standinstorage"
START_SECONDS = 60


def install() -> None:
    """Install Azurite, unless what is there is what the lock file asks for."""
    with FileLock(NODE / ".installing"):
        if not (INSTALLED_LOCK.exists() and INSTALLED_LOCK.read_bytes() == LOCK.read_bytes()):
            subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=NODE, check=True, capture_output=True)
            shutil.copy(LOCK, INSTALLED_LOCK)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Azurite:
    """Blobs below the folder, in one account whose key is made from the secret."""

    def __init__(self, folder: Path, secret: str) -> None:
        install()
        self.port = free_port()
        self.key = base64.b64encode(hashlib.sha512(secret.encode()).digest()).decode()
        self._log = folder / "azurite.log"
        command = ["node", str(MAIN), "--blobPort", str(self.port), "--location", str(folder / "blobs"), *OPTIONS]
        environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{self.key}"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        self._wait()

    def _wait(self) -> None:
        """Return once it listens. RuntimeError with its log when it does not."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        self.close()
        raise RuntimeError(f"Azurite did not start:\n{self._log.read_text(encoding='utf-8', errors='replace')}")

    def close(self) -> None:
        """End it; it writes its index as it ends."""
        self._process.terminate()
        self._process.wait()
