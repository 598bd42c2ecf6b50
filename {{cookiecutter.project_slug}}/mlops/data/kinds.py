"""Kinds of columns: Parquet has dozens of types, and a model is trained on and asked with a few of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

NOTHING = "nothing but nulls"
TIMES = ("times", "times with a zone")
KINDS = ("numbers", "text", "true and false", *TIMES)  # what a feature or a target may hold


def kind(column: "pa.DataType") -> str:
    """One of KINDS, NOTHING, or Arrow's own name for what no model takes, such as `list<item: int64>`."""
    from pyarrow import types

    if types.is_dictionary(column):
        return kind(column.value_type)
    if types.is_timestamp(column):
        return TIMES[column.tz is not None]
    if types.is_integer(column) or types.is_floating(column) or types.is_decimal(column):
        return "numbers"
    if types.is_string(column) or types.is_large_string(column) or types.is_string_view(column):
        return "text"
    simple = {types.is_date: "times", types.is_boolean: "true and false", types.is_null: NOTHING}
    return next((name for fits, name in simple.items() if fits(column)), str(column))


def plain(rows: "pa.Table") -> "pa.Table":
    """The same rows in fewer types: no decimals, no dates, no zone but UTC, no dictionaries.

    Training, tests and the endpoint then work with what pandas computes with, in every file alike.
    """
    import pyarrow as pa

    fields = [pa.field(field.name, plain_type(field.type)) for field in rows.schema]
    schema = pa.schema(fields, rows.schema.metadata)
    return rows if schema.equals(rows.schema) else rows.cast(schema)


def plain_type(column: "pa.DataType") -> "pa.DataType":
    """What that type becomes."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(column):
        return plain_type(column.value_type)
    if types.is_timestamp(column):
        return pa.timestamp(column.unit, column.tz and "UTC")
    fits = {types.is_decimal: pa.float64(), types.is_float16: pa.float32(), types.is_date: pa.timestamp("us")}
    fits[types.is_string_view] = pa.large_string()
    return next((simple for test, simple in fits.items() if test(column)), column)


def without_zone(times: "pd.Series") -> "pd.Series":
    """The same times, those of UTC without saying so: what can be put into months and compared with any other."""
    plain_times: pd.Series = times.dt.tz_localize(None)
    return plain_times
