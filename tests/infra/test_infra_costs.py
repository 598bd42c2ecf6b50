"""The cost table counts what the template makes: one row less there is one that nobody pays attention to."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from evaluated import deploy, parameter_sets

from conftest import TEMPLATE, Project

SCRIPT = Path(__file__).parent / "cost_items.py"
DAYS, HOURS = 365 / 12, 730.0
IMAGES = "microsoft.containerregistry/registries"


@pytest.mark.parametrize("name", ["one workspace", "everything"])
def test_what_costs_by_its_number_is_what_the_template_makes(rendered: Project, name: str) -> None:
    said = subprocess.run([sys.executable, "-B", str(SCRIPT)], cwd=rendered.folder, check=True, stdout=subprocess.PIPE)
    counted = json.loads(said.stdout)[name]
    template: dict[str, Any] = json.loads((TEMPLATE / "infra" / "main.json").read_text(encoding="utf-8"))
    resources = deploy(template, parameter_sets(rendered.folder, name)[name]).resources
    made = Counter(one.type.lower() for one in resources)
    tiers = Counter(one.body["sku"]["name"] for one in resources if one.type.lower() == IMAGES)
    tiers["Premium"] += made["microsoft.machinelearningservices/registries"]
    assert counted["alarm"] == made["microsoft.insights/metricalerts"]
    assert counted["alarm by a log"] == made["microsoft.insights/scheduledqueryrules"]
    assert counted.get("private endpoint", 0) == HOURS * made["microsoft.network/privateendpoints"]
    assert counted.get("private DNS zone", 0) == made["microsoft.network/privatednszones"]
    for tier in ("Basic", "Premium"):
        assert counted.get(f"container registry, {tier}", 0) == pytest.approx(DAYS * tiers[tier])
