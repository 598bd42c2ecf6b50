"""How every picture looks: grey ink on no paper, which reads on a light page and on a dark one."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.report.pages import address_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#7d8590"
FIRST, SECOND = "#1f6feb", "#8b949e"  # of two models or times: the one that it is about, and what it is held against
STYLE: dict[Any, Any] = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.dpi": 144,  # of the points in a cloud, which are drawn as an image: as shapes they would be a megabyte
    "figure.constrained_layout.use": True,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.labelcolor": INK,
}


def save(draws: Mapping[str, Callable[[], "Figure"]], folder: Path) -> None:
    """`<name>.svg` in the folder for each of these pictures."""
    from matplotlib import rc_context

    folder.mkdir(parents=True, exist_ok=True)
    with rc_context(STYLE):
        for name, draw in draws.items():
            draw().savefig(folder / f"{name}.svg")


def address(draw: Callable[[], "Figure"]) -> str:
    """The picture as a data address, so that a page needs no other file."""
    from matplotlib import rc_context

    file = BytesIO()
    with rc_context(STYLE):
        draw().savefig(file, format="svg")
    return address_of(file.getvalue())


def plain(text: object, most: int = 40) -> str:
    """A text of the data as a picture shows it: short, and never taken for mathematics."""
    return f"{text!s:.{most}}".replace("$", r"\$")
