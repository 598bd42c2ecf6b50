"""Azure's price list: asked page by page, and only what is meant is taken. Its server is played on loopback."""

import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from mlops import UserError
from mlops.platform.subscription.price_list import ask, keep
from mlops.settings.prices import load_prices

SIZE = "Standard_DS3_v2"
OF_THE_SIZE = {"serviceName": "Virtual Machines", "armSkuName": SIZE, "armRegionName": "eastus", "type": "Consumption"}
LINUX = {**OF_THE_SIZE, "productName": "Virtual Machines DSv2 Series", "meterName": "D3 v2/DS3 v2", "retailPrice": 0.25}
ROWS = [
    LINUX,
    {**LINUX, "productName": "Virtual Machines DSv2 Series Windows", "retailPrice": 0.5},
    {**LINUX, "meterName": "D3 v2/DS3 v2 Low Priority", "retailPrice": 0.05},
    {**LINUX, "meterName": "D3 v2/DS3 v2 Spot", "retailPrice": 0.04},
    {**LINUX, "type": "Reservation", "retailPrice": 900.0},
    {**LINUX, "armRegionName": "westeurope", "retailPrice": 0.31},
    {"meterName": "Basic Registry Unit", "armRegionName": "eastus", "type": "Consumption", "retailPrice": 0.17},
    {"meterName": "Alerts Metric Monitored", "armRegionName": "eastus", "type": "Consumption", "retailPrice": 0.0},
    {
        **{"meterName": "Alerts Metric Monitored", "armRegionName": "eastus", "type": "Consumption"},
        **{"retailPrice": 0.1, "tierMinimumUnits": 10.0},
    },
    {"meterName": "Premium Registry Unit", "armRegionName": "eastus", "type": "Consumption", "retailPrice": 1.6},
    {"meterName": "Premium Registry Unit", "armRegionName": "eastus", "type": "Consumption", "retailPrice": 1.7},
]


class PriceList(BaseHTTPRequestHandler):
    """One row a page, of those that the filter asks for: `a eq 'b' and c eq 'd'`."""

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        wanted = dict(part.split(" eq ") for part in query["$filter"][0].split(" and "))
        rows = [row for row in ROWS if all(f"'{row.get(field)}'" == value for field, value in wanted.items())]
        at = int(query.get("$skip", ["0"])[0])
        more = f"{self.server.address}{self.path}&$skip={at + 1}" if "$skip" not in query else None
        more = more or f"{self.server.address}{self.path.rpartition('$skip=')[0]}$skip={at + 1}"
        page = {"Items": rows[at : at + 1], "NextPageLink": more if at + 1 < len(rows) else None}
        body = self.server.broken or json.dumps(page).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *ignored):
        """Quiet."""


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), PriceList) as running:
        running.address, running.broken = f"http://127.0.0.1:{running.server_port}", b""
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield running
        running.shutdown()


def prices(server, *names):
    return dict(ask(names, "eastus", "USD", server.address))


def test_a_machine_is_the_one_with_linux_by_the_hour_and_low_priority_is_another_price(server):
    assert prices(server, SIZE, f"{SIZE}, low priority") == {SIZE: 0.25, f"{SIZE}, low priority": 0.05}


def test_the_first_unit_counts_and_what_the_list_says_twice_is_not_known(server):
    names = ("container registry, Basic", "alarm", "container registry, Premium", "logs")
    assert [*prices(server, *names).values()] == [0.17, 0.0, None, None]


@pytest.mark.parametrize("broken", [b"<html>", b"[]", b"{}", b'{"Items": [{"type": "Consumption"}]}'])
def test_an_answer_that_is_none_is_one_line(server, broken):
    server.broken = broken
    with pytest.raises(UserError, match=r"^the price list cannot be asked \(.*\); try again later"):
        prices(server, "container registry, Basic")


def test_what_is_known_is_kept_below_the_comment(tmp_path):
    path = tmp_path / "prices.yml"
    path.write_text("# one\n# two\ncurrency: USD\nregion: null\ndate: null\nprices: {}\n", encoding="utf-8")
    keep({"logs": 2.3, "alarm": None, SIZE: 0.25}, "eastus", "USD", date(2026, 11, 27), path)
    kept = load_prices(path)
    assert path.read_text(encoding="utf-8").startswith("# one\n# two\ncurrency: USD\n")
    assert (kept.region, kept.date, kept.prices) == ("eastus", date(2026, 11, 27), {SIZE: 0.25, "logs": 2.3})
