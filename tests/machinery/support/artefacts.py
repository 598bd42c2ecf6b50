"""What steps leave for each other, whole: of each file the least that its readers ask for, with what a test changes."""

LINEAGE = {"run_id": "r1", "commit": "c0ffee", "dirty": "false", "data_hash": "d"}
METRICS = {"auc": 0.7, "log_loss": 0.5, "brier": 0.2, "accuracy": 0.7}
COMPARISON = {
    "metric": "AUC",
    "difference": 0.004,
    "lower": -0.002,
    "upper": 0.01,
    "detectable": 0.0123,
    "p": 0.21,
    "alpha": 0.05,
    "rows": 2790,
    "discordance": 0.031,
    "clusters": 31,
    "clusters_by": "day of time_hour",
    "widened": 1.5,
    "rule": "minimum_gain",
    "rows_needed": 4221.0,
}
RULES = {"minimum_gain": 0.01, "max_loss": 0.02}
PART = {"rows": 100, "from": "2013-03-01T05:00:00", "to": "2013-03-31T22:00:00"}


def validation(**changes):
    """validation.json of data without a file."""
    return {"success": True, "data_hash": "d", "files": []} | changes


def split(**changes):
    """split.json by time."""
    return {"data_hash": "d", "train": PART, "test": PART | {"hash": "h"}} | changes


def measured(**changes):
    """What evaluation.json says of one model."""
    intervals = {name: [value - 0.1, value + 0.1] for name, value in METRICS.items()}
    latency = {"p50_ms": 5.0, "p95_ms": 8.0}
    found = {"model_hash": "a", "lineage": LINEAGE, "metrics": METRICS, "intervals": intervals, "latency": latency}
    return found | changes


def evaluation(**changes):
    """evaluation.json of a cold start."""
    return {"labels": [0, 1], "test": {}, "challenger": measured(), "slices": [], "behaviour": []} | changes


def verdict(**changes):
    """verdict.json of a cold start that passed."""
    found = {
        "status": "PASS",
        "model_hash": "a",
        "metrics": METRICS,
        "cold_start": True,
        "looks": 0,
        "criterion": "superiority",
        "checks": [],
    }
    return found | {"comparison": COMPARISON, "rules": RULES} | changes
