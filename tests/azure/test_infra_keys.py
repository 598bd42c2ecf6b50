"""`infra rotate-keys`, by the unmodified Azure CLI and the SDK: clients that read the vault are refused nothing."""

import subprocess
import sys
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cli
import pytest
from looped import asking
from rollouts import ENDPOINT, PATH, ROWS, Bench, open_benches, request

from conftest import Project, a_users
from standin.cloud import SUBSCRIPTION
from standin.vaults import secrets_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="rollouts are forked from a warm process: Linux only")

SECRET, VAULT = f"{ENDPOINT}-key", "standin.vault.azure.net"
NEVER_READ = "primary"  # what clients use that have not heard of the vault yet


class Rotating:
    """The bench, and `infra` on it by somebody who is logged in with `az`."""

    def __init__(self, bench: Bench, programs: Path, home: Path, python: Path) -> None:
        self.bench, self.python = bench, python
        self.calls = home / "calls.txt"
        self.variables = {**cli.variables(bench.azure, programs, home), "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION}
        self.variables[cli.CALLS] = str(self.calls)
        cli.log_in(bench.azure, self.variables)

    def rotate(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(self.python), "-m", "mlops.commands.infra", "rotate-keys", "staging", *arguments]
        environment = {**a_users(), **self.variables}
        return subprocess.run(
            command, cwd=self.bench.project, env=environment, capture_output=True, encoding="utf-8", check=False
        )

    def keys(self) -> dict[str, str]:
        """Both keys of the endpoint."""
        return {which: self.bench.azure.cloud.secret(f"{which} key of {PATH}") for which in ("primary", "secondary")}

    def given(self) -> str:
        """What the vault gives to clients, which have the primary key until it does."""
        kept = secrets_of(self.bench.azure.cloud, VAULT).get(SECRET)
        return str(kept["value"]) if kept else self.keys()[NEVER_READ]

    @contextmanager
    def clients(self) -> Iterator[Counter[Hashable]]:
        """Somebody who asks all the while, and reads the key before each request; counts the answers."""
        azure = self.bench.azure
        url = azure.cloud.get(PATH)["properties"]["scoringUri"]
        with azure.client() as session:

            def ask() -> int:
                headers = {"Authorization": f"Bearer {self.given()}"}
                return session.post(url, json=request(ROWS[:1]), headers=headers).status_code

            with asking(ask) as seen:
                yield seen


@pytest.fixture(scope="module")
def rotating(installed: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rotating]:
    home, python = tmp_path_factory.mktemp("keys"), installed.folder / ".venv" / "bin" / "python"
    with open_benches(1, home / "bench", installed.folder) as [bench]:
        bench.back()
        yield Rotating(bench, cli.installed(tmp_path_factory), home, python)
        bench.azure.check()


def test_both_keys_are_new_and_no_request_was_refused(rotating: Rotating) -> None:
    before = rotating.keys()
    with rotating.clients() as seen:
        done = rotating.rotate("--wait", "10s")  # longer than a request takes on any machine
    assert done.returncode == 0, done.stderr
    after = rotating.keys()
    assert not {*before.values()} & {*after.values()}
    assert rotating.given() == after["primary"]
    assert seen.keys() == {200} and seen[200] > 20
    shown = done.stdout + done.stderr + rotating.calls.read_text(encoding="utf-8")
    assert not [key for key in (*before.values(), *after.values()) if key in shown], "no key in outputs or arguments"
    assert f"secret {SECRET} of the key vault standin gives a new secondary key" in done.stdout


def test_no_rollout_and_no_rotation_go_on_at_once(rotating: Rotating) -> None:
    before, lease = rotating.keys(), rotating.bench.lease
    held = lease.acquire_lease(lease_duration=-1)
    done = rotating.rotate("--wait", "0s")
    held.release()
    assert done.returncode == 3 and rotating.keys() == before, done.stderr


def test_who_may_not_write_secrets_is_told_the_role(rotating: Rotating) -> None:
    rotating.bench.azure.faults.forbid("^/secrets")
    done = rotating.rotate("--wait", "0s")
    rotating.bench.azure.faults.clear()
    [line] = done.stderr.splitlines()
    assert done.returncode == 2 and line.endswith("the role Key Vault Secrets Officer there, and wait some minutes")


def test_where_there_are_no_keys_it_says_so(rotating: Rotating) -> None:
    file = rotating.bench.project / "environments" / "staging.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("  instance_count:", "  auth: aad_token\n  instance_count:"), encoding="utf-8")
    tokens = rotating.rotate()
    file.write_text(text.replace("platform: azureml", "platform: local"), encoding="utf-8")
    local = rotating.rotate()
    file.write_text(text, encoding="utf-8")
    assert (tokens.returncode, local.returncode) == (2, 2)
    assert (
        tokens.stderr
        == "error: environments/staging.yml: endpoint.auth: aad_token has no keys, and needs no rotation\n"
    )
    assert "platform: local has no keys to renew; this is for azureml" in local.stderr
    wrong = rotating.rotate("--wait", "soon")
    assert wrong.returncode == 2 and "--wait: Input should be a duration such as 90s" in wrong.stderr
