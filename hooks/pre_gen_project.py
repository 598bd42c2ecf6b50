"""Refuse answers that would break later, each in one line that says what is wrong and how to mend it."""

import json
import re
import sys
from typing import Any

LONGEST = {"project_name": 60, "description": 200, "author": 80}  # characters
# Azure allows an endpoint 32 characters, and `-production` is appended; workspaces and registries need at least 3.
SHORTEST_SLUG, LONGEST_SLUG = 3, 21
SLUG = re.compile(r"[a-z](-?[a-z0-9])*")
REGION = re.compile(r"[a-z][a-z0-9]{2,29}")
WINDOWS_DEVICE = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")


def text_mistakes(key: str, text: str) -> list[str]:
    """Free text is rendered between double quotes into TOML and YAML, so it must not end or escape them."""
    if not text.strip():
        return [f"{key}: empty; write a few words"]
    if len(text) > LONGEST[key]:
        return [f"{key}: {len(text)} characters are too many; use at most {LONGEST[key]}"]
    illegal = [character for character in text if character in '"\\{}' or not character.isprintable()]
    if illegal:
        return [f'{key}: {illegal[0]!a} is not allowed; leave out ", \\, braces, tabs and line breaks']
    return []


def slug_mistakes(slug: str) -> list[str]:
    """The slug names the folder, the model and, with `-staging` and `-production` appended, the endpoints."""
    if not SLUG.fullmatch(slug):
        return [f"project_slug: {slug!a} must be lower-case letters, digits and single dashes, like flight-delays"]
    if not SHORTEST_SLUG <= len(slug) <= LONGEST_SLUG:
        return [f"project_slug: {slug} has {len(slug)} characters; use {SHORTEST_SLUG} to {LONGEST_SLUG}"]
    if WINDOWS_DEVICE.fullmatch(slug):
        return [f"project_slug: {slug} is a device on Windows and cannot name a folder; choose another word"]
    return []


def python_mistakes(version: str, supported: list[str]) -> list[str]:
    """The pins were resolved for some Pythons and no other."""
    if version in supported:
        return []
    return [f"python_version: {version!a} is not supported; choose {', '.join(supported[:-1])} or {supported[-1]}"]


def mistakes(answers: dict[str, Any]) -> list[str]:
    """One line for each bad answer; empty when all are good."""
    found = [line for key in LONGEST for line in text_mistakes(key, answers[key])]
    found += slug_mistakes(answers["project_slug"])
    if not REGION.fullmatch(answers["azure_region"]):
        region = answers["azure_region"]
        found.append(f"azure_region: {region!a} is not a region's short name; write it like eastus or westeurope")
    found += python_mistakes(answers["python_version"], answers["_python_versions"])
    return found


if __name__ == "__main__":
    # As JSON, so that no answer can break out of this literal: three quotes in a row never occur in it.
    lines = mistakes(json.loads(r"""{{ cookiecutter | jsonify }}"""))
    if lines:
        sys.exit("\n".join(f"error: {line}" for line in lines))
