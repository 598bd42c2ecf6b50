"""What is wanted of a repository, made so: whole, or with one write that goes wrong."""

import os

from trouble import KILLED, LOST, Trouble

from mlops import UserError


def make_so(wanted):
    """Apply all that differs, in order."""
    for each in wanted:
        if each.observe():
            each.apply()


def differences(wanted):
    """What still differs, by name."""
    return {each.name: lines for each in wanted if (lines := each.observe())}


def interrupted(service, kind, at, make):
    """Do it, with that trouble at that write; whether it came to an end all the same."""
    service.calm()
    if kind == KILLED:
        return killed(service, at, make)
    service.trouble = Trouble(kind, at)
    try:
        make()
    except UserError:
        return False
    return True


def killed(service, at, make):
    """As above, in a process of its own that nothing can save."""
    start, ready = os.pipe()
    process = os.fork()
    if not process:
        try:
            os.read(start, 1)
            make()
        finally:
            os._exit(0)  # whatever happened: it is no test run of its own
    service.trouble = Trouble(KILLED, at, process)
    os.write(ready, b".")
    status = os.waitpid(process, 0)[1]
    os.close(start)
    os.close(ready)
    return os.waitstatus_to_exitcode(status) == 0


def ends_the_same_whatever_happens(serve, kind, make, expected):
    """With that trouble at each write in turn, one more run ends as one without any.

    serve: a context that gives a new host without anything, led to. expected: how many writes it takes.
    """

    def after(at):
        with serve() as service:
            ended = interrupted(service, kind, at, make)
            writes = len(service.written)
            if at:
                service.calm()
                make()
            return ended, writes, service.state()

    _, writes, whole = after(0)
    assert writes == expected
    for at in range(1, writes + 1):
        ended, _, state = after(at)
        assert state == whole and (not ended or kind == LOST)
