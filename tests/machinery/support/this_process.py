"""Servers in the process of the tests, in the place of an endpoint's own processes."""

import os

import psutil

from mlops.platform.local.endpoint_state import Started

NOBODYS = 9  # a port on which nothing listens: one that is free now may be the next server's


def ourselves():
    """This process, as the state of an endpoint holds one."""
    return Started(pid=os.getpid(), created=psutil.Process().create_time())
