"""Whose rollout it is: a login that fails in the middle of it is never a verdict on the version."""

import sys
from collections.abc import Callable, Iterator

import pytest
from forked import Run
from rollouts import BETTER, GOOD, PATH, REJECTED, Bench, open_benches

from conftest import Project
from standin import StandIn
from standin.faults import AFTER
from standin.hosts import AZURE_DEVOPS, PERSONS
from standin.login import HOST as LOGIN
from standin.login import HOUR

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="`apply` is forked from a warm process: Linux only")

MOST_WRITES = 40  # of a rollout
NO_RUNNER_OF_GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""}
OF_AZURE_DEVOPS = {
    **NO_RUNNER_OF_GITHUB,
    "SYSTEM_OIDCREQUESTURI": f"https://{AZURE_DEVOPS}/organization/project/_apis/distributedtask/oidctoken",
    "SYSTEM_ACCESSTOKEN": "token-of-this-run",
    "AZURE_SERVICE_CONNECTION_ID": "staging",
}


def refuse_id_tokens(azure: StandIn) -> None:
    """From here on the host gives none, and every call wants an access token of its own, as after an hour."""
    azure.cloud.id_tokens_refused = True


IN_MID_ROLLOUT: dict[str, tuple[Callable[[StandIn], object], str]] = {
    "no ID token any more": (refuse_id_tokens, "not signed in to Azure"),
    "no access token is good any more": (lambda azure: azure.cloud.expire_access_tokens(), "Azure answered 401"),
    "no right to read metrics": (lambda azure: azure.faults.forbid("metrics:getbatch"), "Azure answered 403"),
    "not let in to the endpoint": (lambda azure: azure.faults.forbid("^/score$"), "Azure answered 403"),
}


@pytest.fixture(scope="module")
def benches(installed: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Bench]]:
    with open_benches(1, tmp_path_factory.mktemp("identity"), installed.folder) as benches:
        yield benches


@pytest.fixture
def bench(benches: list[Bench]) -> Bench:
    benches[0].back()
    return benches[0]


def is_deployed(bench: Bench) -> bool:
    return len(bench.azure.cloud.children(f"{PATH}/deployments")) == 2


def has_its_first_share(bench: Bench) -> bool:
    return sorted(bench.azure.cloud.get(PATH)["properties"]["traffic"].values()) == [50, 50]


def when(bench: Bench, it: Callable[[Bench], bool], happens: Callable[[StandIn], object]) -> None:
    """Let it happen, once, after the write that has brought the candidate so far."""
    over: list[object] = []

    def look() -> None:
        if not over and it(bench):
            over.append(happens(bench.azure))

    bench.azure.faults.at(1, look, AFTER, times=MOST_WRITES)


def asked_of_logins(bench: Bench) -> list[int]:
    """Where in the log access tokens were asked for."""
    return [at for at, entry in enumerate(bench.azure.log) if entry.host == LOGIN and entry.path.endswith("/token")]


def check_gave_up(run: Run, words: str) -> None:
    last = run.output.splitlines()[-1].lstrip(".")  # the SDK's dots, while it waits
    assert run.code == 2 and last.startswith("error: ") and words in last, run.output
    assert "Traceback" not in run.output


def test_every_access_token_is_made_before_the_first_write(bench: Bench) -> None:
    run = bench.apply(BETTER)
    assert run.code == 0, run.output
    first_write = bench.azure.log.index(bench.writes()[0])
    logins = asked_of_logins(bench)
    assert len(logins) == 4 and max(logins) < first_write, "management, storage, scoring, metrics"


@pytest.mark.parametrize("variables", [{}, OF_AZURE_DEVOPS], ids=["GitHub", "Azure DevOps"])
def test_a_rollout_goes_on_when_the_first_id_token_is_no_longer_good(bench: Bench, variables: dict[str, str]) -> None:
    bench.azure.cloud.told_life = 0  # as after an hour: every call wants an access token of its own
    when(bench, has_its_first_share, lambda azure: azure.cloud.expire_id_tokens())
    run = bench.apply(BETTER, **variables)
    assert run.code == 0, run.output
    assert bench.seen().at_rest_on == BETTER
    assert len(asked_of_logins(bench)) > 20
    bench.azure.check()


@pytest.mark.parametrize("trouble", IN_MID_ROLLOUT)
def test_trouble_with_the_identity_leaves_the_rollout_to_be_continued(trouble: str, bench: Bench) -> None:
    happens, words = IN_MID_ROLLOUT[trouble]
    bench.azure.cloud.told_life = 0 if happens is refuse_id_tokens else HOUR
    when(bench, has_its_first_share, happens)
    check_gave_up(bench.apply(BETTER), words)
    seen = bench.seen()
    assert sorted(seen.versions.values()) == [GOOD, BETTER] and sorted(seen.traffic.values()) == [50, 50]
    assert not [tag for tag in seen.tags if tag.startswith(REJECTED)] and "candidate" in seen.tags
    bench.azure.faults.clear()
    bench.azure.cloud.id_tokens_refused = False
    run = bench.apply(BETTER)
    assert run.code == 0 and bench.seen().at_rest_on == BETTER, run.output


def test_who_may_not_ask_the_endpoint_has_not_tried_the_version(bench: Bench) -> None:
    when(bench, is_deployed, lambda azure: azure.faults.forbid("^/score$"))
    check_gave_up(bench.apply(BETTER), "Azure answered 403 to a request; give the identity its role")
    assert not [tag for tag in bench.seen().tags if tag.startswith(REJECTED)]


@pytest.mark.parametrize("name", PERSONS)
def test_without_one_of_the_ids_nothing_is_changed(bench: Bench, name: str) -> None:
    run = bench.apply(BETTER, **{name: ""})
    words = "AZURE_SUBSCRIPTION_ID is not set; set it, in CI as" if "SUBSCRIPTION" in name else "not signed in to Azure"
    check_gave_up(run, words)
    assert bench.writes() == []


def test_an_id_that_can_be_none_is_said_in_one_line(bench: Bench) -> None:
    run = bench.apply(BETTER, **{**OF_AZURE_DEVOPS, "AZURE_TENANT_ID": "no tenant!"})
    check_gave_up(run, "not signed in to Azure: Invalid tenant")


def test_another_subject_is_not_let_in_and_a_step_without_its_token_is_told(bench: Bench) -> None:
    other = "https://run.actions.githubusercontent.com/idtoken?subject=repo:owner/project:ref:refs/heads/main"
    check_gave_up(bench.apply(BETTER, ACTIONS_ID_TOKEN_REQUEST_URL=other), "AADSTS700213")
    run = bench.apply(BETTER, **{**OF_AZURE_DEVOPS, "SYSTEM_ACCESSTOKEN": ""})
    check_gave_up(run, "SYSTEM_ACCESSTOKEN is not set; give the step")
    assert bench.writes() == []
