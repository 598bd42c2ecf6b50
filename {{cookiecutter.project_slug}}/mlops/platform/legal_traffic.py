"""Which shares of live and mirrored traffic are legal, as Azure ML has it; every platform keeps to it."""

from collections.abc import Collection, Mapping

from mlops import UserError


def check_shares(
    deployments: Collection[str], traffic: Mapping[str, int], mirror: Mapping[str, int], ready: Collection[str]
) -> None:
    """UserError unless these shares are legal for an endpoint with these deployments. `ready`: those that answer."""
    for name, shares, limit in (("traffic", traffic, 100), ("mirror", mirror, 50)):
        for slot, share in shares.items():
            if slot not in deployments:
                known = ", ".join(deployments) or "none"
                raise UserError(f"{name}: there is no deployment {slot!r}; there is {known}")
            if type(share) is not int or not 0 <= share <= limit:
                raise UserError(f"{name}: {slot} must get a whole number from 0 to {limit}, got {share!r}")
    if sum(traffic.values()) not in {0, 100}:
        raise UserError(f"traffic must sum to 0 or 100, got {sum(traffic.values())}")
    unready = [slot for slot, share in traffic.items() if share and slot not in ready]
    if unready:
        raise UserError(f"traffic: {unready[0]} is not ready to serve; deploy to it first")
    mirrored = [slot for slot, share in mirror.items() if share]
    if len(mirrored) > 1:
        raise UserError(f"mirror: only one deployment can get a copy, got {', '.join(mirrored)}")
    if mirrored and traffic.get(mirrored[0]):
        raise UserError(f"mirror: {mirrored[0]} has live traffic; only a deployment without can get a copy")
