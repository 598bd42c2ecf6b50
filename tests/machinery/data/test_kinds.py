"""Few kinds of columns out of many types, and every type that a model can take as one it computes with."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mlops.data.kinds import kind, plain

KINDS = {
    "numbers": [pa.int8(), pa.uint8(), pa.uint64(), pa.float16(), pa.float32(), pa.decimal128(5, 2), pa.decimal256(50)],
    "text": [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())],
    "times": [pa.timestamp("s"), pa.timestamp("ns"), pa.date32(), pa.date64()],
    "times with a zone": [pa.timestamp("us", "UTC"), pa.timestamp("ns", "Europe/Vienna")],
    "true and false": [pa.bool_()],
    "nothing but nulls": [pa.null()],
    "binary": [pa.binary()],
    "duration[s]": [pa.duration("s")],
}


@pytest.mark.parametrize(("name", "type_"), [(name, each) for name, types in KINDS.items() for each in types], ids=str)
def test_every_type_is_of_a_kind(name, type_):
    assert kind(type_) == name


def test_what_pandas_cannot_compute_with_becomes_what_it_can():
    times = pd.to_datetime(["2013-01-01 05:00", None]).tz_localize("America/New_York")
    table = pa.table(
        {
            "price": [Decimal("1.50"), None],
            "half": pa.array(np.array([1, 2], dtype=np.float16)),
            "day": pa.array([1, None], pa.date32()),
            "zoned": pa.array(times),
            "class": pa.array(["a", None]).dictionary_encode(),
            "view": pa.array(["a", None], pa.string_view()),
        }
    )
    frame = plain(table).to_pandas()
    assert frame["price"].dtype == "float64" and frame["price"][0] == 1.5
    assert frame["half"].dtype == "float32"
    assert frame["day"][0] == pd.Timestamp("1970-01-02") and frame["day"].isna()[1]
    assert frame["zoned"][0] == pd.Timestamp("2013-01-01 10:00", tz="UTC")
    assert frame["class"].tolist() == frame["view"].tolist() == ["a", None]


def test_what_is_plain_stays_as_it_is():
    table = pa.table({"a": pa.array([1], pa.uint8()), "b": [True], "c": pa.array([1.5], pa.float32()), "d": ["x"]})
    assert plain(table).equals(table)
