"""Requests as clients, proxies, scanners and attackers send them, as bytes: most nearly right, some nothing like it."""

import gzip
import json
import zlib
from typing import NamedTuple

from every_kind import ROWS
from hypothesis import strategies as st

from mlops.data.model_folder import payload

TABLE = payload(ROWS[:3])["input_data"]
GOOD = json.dumps({"input_data": TABLE}).encode()
COLUMNS, GOOD_ROW = TABLE["columns"], [json.dumps(cell) for cell in TABLE["data"][1]]
DEEP = 100_000
DEEPER = ["[" * depth + "]" * depth for depth in range(930, 1000, 5)]  # about as deep as Python goes

ODD = (  # as they stand in the JSON
    *("null", "true", "NaN", "-Infinity", "1e400", "-1e400", "1e308", "3.5e38", "5e-324", "-0.0", "1e-400", "0.1"),
    *("128", "-129", "9223372036854775808", "18446744073709551615", "-1", "9" * 400, "9" * 5000, "0" * 9 + "1", "1.0"),
    *(
        '""',
        '"\\ud800"',
        '"\\udfff\\ud800"',
        '"\\u0000"',
        '"\ufeff"',
        '"a\\u2028"',
        f'"{"a" * 20_000}"',
        '"1"',
        '"true"',
    ),
    *('"0001-01-01T00:00:00+23:59"', '"9999-12-31T23:59:59-23:59"', '"9999-12-31"', '"0001-01-01"', '"2013-02-30"'),
    *(
        '"2013-01-01T00:00:00.123456789Z"',
        '"2013-W01-1"',
        '"20130101"',
        '"2013-01-01T24:00:00"',
        '"1677-09-21T00:12:43Z"',
    ),
    *(
        '"2013-01-01T00:00:00.9999999999"',
        '"2013-01-01 00:00+00:00:00.000001"',
        '"\u0662\u0660\u0661\u0663-01-01"',
        '"2262-04-11T23:47:16.9Z"',
    ),
    *("[]", "{}", "[[]]", '{"a": 1}', "[null]", "[1, [2, [3]]]", "[" * DEEP, "[" * DEEP + "]" * DEEP, '{"a":' * DEEP),
    *(
        "[" * 900 + "]" * 900,
        "[" * 960 + "]" * 960,
        '{"a":' * 450 + "1" + "}" * 450,
        "'a'",
        "undefined",
        "01",
        "+1",
        "",
        " ",
    ),
)
SCALARS = st.one_of(
    st.sampled_from(ODD),
    st.integers().map(str),
    st.floats().map(json.dumps),
    st.text(max_size=20).map(json.dumps),
)


def an_array(values):
    return "[" + ", ".join(values) + "]"


def an_object(pairs):
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in pairs) + "}"


TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=20).map(json.dumps)
TIMES = ("2013-01-31", "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "1677-09-21T00:12:43.2", "2262-04-11T00:00")
ZONES = ("Z", "+23:59", "-23:59", "+05:30:15.000001")
MOMENTS = [f"{time}{zone}" for time in ("1678-01-01T00:00", "2262-04-10T00:00:00.123456789") for zone in ZONES]
EXTREME = {  # for each column what it may take, at the edges
    "small": st.sampled_from(["127", "-128", "7.0"]),
    "whole": st.sampled_from(["9223372036854775807", "-9223372036854775808", "1e18"]),
    "unsigned": st.sampled_from(["18446744073709551615", "0", "-0.0"]),
    "single": st.sampled_from(["3.4028234e38", "-3.4028234e38", "1e-46", "7"]),
    "number": st.floats(allow_nan=False, allow_infinity=False).map(json.dumps) | st.sampled_from(["null", "9" * 308]),
    "flag": st.sampled_from(["true", "false"]),
    "text": TEXTS | st.sampled_from([each for each in ODD if each.startswith('"')]),
    "maybe": TEXTS | st.just("null"),
    "time": st.sampled_from(TIMES).map(json.dumps),
    "zoned": st.sampled_from(MOMENTS).map(json.dumps),
}
NAMES = st.sampled_from([*COLUMNS, *COLUMNS, "", "x", "\ud800", "input_data", "columns", "a" * 9000])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4).map(an_array) | st.lists(st.tuples(NAMES, inner), max_size=4).map(an_object)
    ),
    max_leaves=6,
)


@st.composite
def rows(draw):
    """Some rows at the edges of what is legal; in some of them a cell is odd, or there is one too many or too few."""
    found = [[draw(EXTREME[name]) for name in COLUMNS], *[list(GOOD_ROW)] * draw(st.integers(0, 2))]
    for _ in range(draw(st.sampled_from([0, 0, 1]))):
        row = draw(st.sampled_from(found))
        at = draw(st.integers(0, len(row)))
        row[at : at + draw(st.sampled_from([1, 1, 1, 0, 2]))] = [draw(VALUES)]
    return found


@st.composite
def tables(draw):
    """The body of a scoring request in one of its forms, or nearly."""
    found = draw(rows())
    names = COLUMNS
    records = [an_object(zip(names, row, strict=False)) for row in found]
    columns = an_object((name, an_array(cells)) for name, *cells in zip(names, *found, strict=False))
    split = an_object([("columns", json.dumps(list(names))), ("data", an_array(map(an_array, found)))])
    form, value = draw(
        st.sampled_from(
            [
                ("input_data", split),
                ("dataframe_split", split),
                ("dataframe_records", an_array(records)),
                ("inputs", an_array(records)),
                ("inputs", columns),
            ]
        )
    )
    whole = [an_object([(form, value)]), records[0], an_array(records), an_object([(form, value), ("inputs", value)])]
    odd = draw(VALUES)
    return draw(st.sampled_from([whole[0]] * 12 + [*whole, odd, an_object([(form, odd)]), whole[0][:-3], whole[0] * 2]))


MANY = an_object((f"c{number}", "1") for number in range(100_000))
LARGE = (
    MANY,
    an_object(
        [("input_data", an_object([("columns", json.dumps(list(map(str, range(100_000))))), ("data", "[[1]]")]))]
    ),
    an_object([("dataframe_records", an_array([MANY, "{}"]))]),
    an_object([("input_data", an_object([("columns", json.dumps(COLUMNS)), ("data", an_array(["[]"] * 20_000))]))]),
    "1" * (10 * 1024 * 1024 + 1),
    "[" + "0," * 3_000_000 + "0]",
)


def encoded(text, how):
    """As bytes, in whichever encoding."""
    return text.encode(how, "surrogatepass" if how.startswith("utf") else "replace")


ENCODINGS = ["utf-8"] * 40 + ["utf-8-sig", "utf-16", "utf-32-be", "latin-1"]
BODIES = st.one_of(
    *[st.builds(encoded, tables(), st.sampled_from(ENCODINGS))] * 8,
    st.binary(max_size=300),
)

METHODS = st.sampled_from(
    [b"POST"] * 60
    + [b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"PATCH", b"CONNECT", b"FOO", b"post", b"", b"P\0"]
)
PATHS = st.sampled_from(
    [b"/score"] * 80
    + [
        b"/",
        b"/statistics",
        b"*",
        b"score",
        b"",
        b"/score/",
        b"//score",
        b"/../score",
        b"/score/../../etc/passwd",
        b"/%73core",
    ]
    + [
        b"/score?a=1&a=%ff",
        b"/score?\xff",
        b"/score#x",
        b"http://elsewhere/score",
        b"http://[::1/score",
        b"/\xf0\x9f",
        b"/%00",
        b"/%",
    ]
    + [
        b"/swagger.json",
        b"/swagger.json?version=" + b"9" * 3000,
        b"/" + b"a" * 9000,
        b"/score?" + b"a=1&" * 1500,
        b"/healthz",
    ]
    + [
        b"/swagger.json?version=" + version
        for version in (b"2", b"3", b"x", b"", b"%ff", b"\xff", b"3&version=2", b"../../3")
    ]
)
TYPES = st.sampled_from(
    [b"application/json"] * 30
    + [
        b"",
        b"text/plain",
        b"application/json; charset=utf-16",
        b"application/json; charset=none",
        b"application/xml",
        b"\xff/\xfe",
    ]
    + [
        b"application/x-www-form-urlencoded",
        b"multipart/form-data",
        b"multipart/form-data; boundary=x",
        b"a" * 5000,
        b'a/b; =;;"',
    ]
)
MORE = st.sampled_from(
    [
        *(
            b"x-request-id: " + value
            for value in (b"7", b"", b"\xff\xfe", b"a" * 101, b"a" * 7000, b"a\tb", "é".encode())
        ),
        *(b"x-ms-client-request-id: " + value for value in (b"7", b"\xff", b"a" * 101)),
        *(
            b"azureml-model-deployment: " + slot
            for slot in (b"blue", b"blue", b"ghost", b"", b"../x", b"\xff", b"a" * 7000)
        ),
        *(b"Expect: " + value for value in (b"100-continue", b"200-ok", b"")),
        *(b"Connection: " + value for value in (b"close", b"keep-alive", b"upgrade", b"\xff")),
        *(
            b"Content-Encoding: " + value
            for value in (b"gzip", b"deflate", b"br", b"zstd", b"identity", b"gzip, gzip", b"\xff")
        ),
        *(
            b"Upgrade: websocket",
            b"Upgrade: h2c",
            b"HTTP2-Settings: AAMAAABk",
            b"Host: elsewhere",
            b"Host: a b",
            b"Host: ",
        ),
        *(
            b"Accept: text/html",
            b"Accept-Encoding: gzip;q=nan",
            b"Range: bytes=0-1",
            b"If-Match: *",
            b"Origin: null",
            b"TE: x",
        ),
        *(
            b"Authorization: Bearer wrong",
            b"Authorization: \xff",
            b"Cookie: a=b; \xff",
            b"no colon",
            b": no name",
            b" folded: x",
        ),
        *(
            b"x-a b: 1",
            b"x-\xff: 1",
            b"x-a: b\rc",
            b"x-a: \0",
            b"x-forwarded-for: 1",
            b"content-type-options: \xff",
            b"TraceId: \xff",
        ),
        *(b"\r\n".join(b"x-%d: 1" % number for number in range(count)) for count in (90, 150, 3000)),
        b"x-ms-request-id: 7\r\nx-ms-request-id: 8",
    ]
)
VERSIONS = st.sampled_from(
    [b"HTTP/1.1"] * 60 + [b"HTTP/1.0", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.1 ", b"http/1.1", b"", b"HTTP/x"]
)
SQUEEZES = {b"gzip": gzip.compress, b"deflate": zlib.compress}


class Sent(NamedTuple):
    """What goes over the wire, in pieces. ends: the server can tell that it was all."""

    pieces: list[bytes]
    ends: bool


def chunked(body, size):
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def framings(body):
    """The headers that say how long the body is, with what is sent: right, and wrong in each way."""
    length, parts = b"Content-Length: %d" % len(body), chunked(body, max(1, len(body) // 3))
    in_parts = b"Transfer-Encoding: chunked"
    right = [(length, body, True)] * 60 + [(in_parts, parts, True)] * 10
    wrong = [
        (b"Content-Length: %d" % (len(body) + 5), body, False),
        (b"Content-Length: %d" % (len(body) // 2), body, True),
        *((b"Content-Length: " + value, body, True) for value in (b"-1", b"abc", b"", b"+5", b"1_0", b"9" * 30)),
        (length + b"\r\nContent-Length: 3", body, True),
        (length + b"\r\n" + in_parts, parts, True),
        (in_parts, body, False),
        (in_parts, parts[:-4], False),
        (in_parts, b"zz\r\n" + parts, True),
        (in_parts, b"ffffffffffffffffff\r\n" + parts, False),
        (b"Transfer-Encoding: gzip, chunked", parts, True),
        (b"Transfer-Encoding: identity", body, True),
        (b"X-No-Length: 1", body, True),
    ]
    return st.sampled_from(right + wrong)


def in_full(key, start=b"POST /score", body=GOOD, more=()):
    """The request that is right otherwise."""
    known = b"Authorization: Bearer " + key.encode()
    lines = [start + b" HTTP/1.1", b"Host: 127.0.0.1", known, b"Content-Length: %d" % len(body), *more]
    return Sent([b"\r\n".join(lines) + b"\r\n\r\n" + body], True)


def each_alone(key):
    """Every odd thing that is known here, in a request that is right otherwise."""
    yield from (in_full(key, more=[header]) for header in MORE.elements)
    yield from (in_full(key, more=[b"Content-Type: " + kind]) for kind in TYPES.elements)
    yield from (in_full(key, method + b" " + path) for method in (b"POST", b"GET", b"HEAD") for path in PATHS.elements)
    yield from (in_full(key, method + b" /score") for method in METHODS.elements)
    yield from (in_full(key, body=body.encode()) for body in LARGE)
    for name in ("small", "number", "flag", "text", "zoned"):
        for cell in (*ODD, *(DEEPER if name == "small" else ())):
            row = dict(zip(COLUMNS, GOOD_ROW, strict=True)) | {name: cell}
            yield in_full(key, body=an_object(row.items()).encode())


@st.composite
def requests(draw, key):
    """A request, by whoever has the key or has not."""
    body, more = draw(BODIES), draw(st.lists(MORE, max_size=2)) if draw(st.sampled_from([True, False, False])) else []
    for name, squeeze in SQUEEZES.items():
        if b"Content-Encoding: " + name in more and draw(st.booleans()):
            body = squeeze(body)
    framing, sent, ends = draw(framings(body))
    start = b" ".join([draw(METHODS), draw(PATHS), draw(VERSIONS)])
    known = [b"Authorization: Bearer " + key.encode()] if draw(st.sampled_from([True] * 15 + [False])) else []
    lines = [start, b"Host: 127.0.0.1", *known, b"Content-Type: " + draw(TYPES), *more, framing]
    whole = b"\r\n".join(lines) + b"\r\n\r\n" + sent
    cuts = sorted(draw(st.lists(st.integers(0, min(len(whole), 3000)), max_size=3)))
    pieces = [whole[first:last] for first, last in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    return Sent([piece for piece in pieces if piece], ends)
