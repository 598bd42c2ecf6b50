"""What a repository should say, whatever its host."""

from mlops.decide.infrastructure.repository import repository_settings

STAGES = ["staging", "production"]


def test_every_stage_has_an_environment_and_the_last_one_waits():
    settings = repository_settings(["development", *STAGES], ["ada"], {})
    assert settings.environments == ("training", "development", "staging", "production", "monitoring")
    assert settings.waiting == "production"
    assert settings.pipelines["deploy"] == ("development", "staging", "production", "monitoring")


def test_two_reviewers_are_together_and_one_is_not():
    assert [repository_settings(STAGES, people, {}).together for people in ([], ["ada"], ["ada", "grace"])] == [
        False, False, True,
    ]  # fmt: skip


def test_where_pipelines_commit_main_takes_more_than_pull_requests():
    assert [repository_settings(STAGES, [], {}, is_open).pulls_only for is_open in (False, True)] == [True, False]
