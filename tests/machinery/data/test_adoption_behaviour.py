"""The drafted tests/behaviour.yml: its numbers are numbers, however large or small the columns' are."""

import pytest
import yaml

from mlops.data.adoption.behaviour import hardly_matters
from mlops.settings.behaviour import Behaviour


@pytest.mark.parametrize("deviation", [3e-7, 0.02, 1, 1952.0, 4e9])
def test_the_noise_of_any_column_can_be_read(deviation):
    text = f"tests:\n{hardly_matters('flight', deviation, deviation)}"
    (trial,) = Behaviour.model_validate(yaml.safe_load(text)).tests
    assert trial.change["flight"].noise == pytest.approx(deviation / 100, rel=0.5)
    assert trial.within == pytest.approx(deviation / 4, rel=0.05)
