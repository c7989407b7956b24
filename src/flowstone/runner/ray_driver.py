"""Speaks to a Ray cluster for a run, in a process of its own: Ray takes over the process that it is loaded into.

It is started as ``python -m flowstone.runner.ray_driver LIFELINE`` (see ``KeptProcess``). The first line that it reads
says which cluster; the others are orders, each with the number of who asks. A cluster that it started is killed with
it, by the mark that all of its processes have; on another cluster Ray ends the actors of one that is gone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from base64 import b64encode
from importlib import import_module
from queue import SimpleQueue
from typing import Any, TextIO

from flowstone.runner.ray_crew import RayCrew
from flowstone.runner.worker import channels, start_guard

STOP = "stop"
"""Calls that do not wait for the order that an actor is carrying out."""
PATIENCE = 5.0
"""Seconds that actors have to leave nothing behind."""
STORE = 80 << 20
"""Bytes of Ray's own store, where nothing is kept: the fewest that it takes."""


def main(lifeline: int) -> None:
    """Serve until the standard input ends."""
    start_guard(lifeline)
    orders, answers = channels()
    wanted = json.loads(orders.readline())
    try:
        _connect(wanted["address"], wanted["size"], wanted["folder"])
    except Exception as error:  # noqa: BLE001 - each of Ray's layers has errors of its own
        _say(answers, {"refused": _line(error)})
        return
    _say(answers, {"ready": os.getpid()})
    within = wanted["folder"] if wanted["address"] is None else None
    driver = Driver((wanted["manifest"], wanted["root"], within), answers)
    for line in orders:
        driver.pass_on(json.loads(line))
    driver.stop()
    os._exit(0)  # threads that wait for Ray would hinder the interpreter's end


def _connect(address: str | None, size: int, folder: str) -> None:
    ray: Any = import_module("ray")
    quiet = {"log_to_driver": False, "configure_logging": False}
    if address is not None:
        ray.init(address, **quiet)
        return
    ray.init(num_cpus=size, include_dashboard=False, object_store_memory=STORE, _temp_dir=folder, **quiet)
    found = ray.util.get_node_ip_address()
    if found != "127.0.0.1":
        raise RuntimeError(f"it listens at {found}, not on this machine only")


class Driver:
    """The actors of one run, one for each who asks."""

    def __init__(self, crew: tuple[str, str, str | None], answers: TextIO) -> None:
        # One order at a time; none is repeated by Ray, which does not know whether it may be.
        once: Any = {"max_restarts": 0, "max_task_retries": 0}
        options: Any = {**once, "num_cpus": 1, "scheduling_strategy": "SPREAD", "concurrency_groups": {STOP: 1}}
        self._ray: Any = import_module("ray")
        self._make = self._ray.remote(**options)(RayCrew).remote
        self._arguments = crew
        self._answers = answers
        self._lock = threading.Lock()
        self._orders: dict[int, SimpleQueue[dict[str, Any]]] = {}
        self._actors: dict[int, Any] = {}

    def pass_on(self, message: dict[str, Any]) -> None:
        """Have an order carried out for the one who asks; the answer is written once it is there."""
        number = message["number"]
        if number not in self._orders:
            self._orders[number] = SimpleQueue()
            threading.Thread(target=self._serve, args=(number,), daemon=True).start()
        self._orders[number].put(message["order"])

    def stop(self) -> None:
        """Let the actors kill what they are doing, and kill them: guards would do the rest."""
        actors = list(self._actors.values())
        if actors:
            leaving = [actor.close.options(concurrency_group=STOP).remote() for actor in actors]
            self._ray.wait(leaving, num_returns=len(leaving), timeout=PATIENCE)
        for actor in actors:
            self._ray.kill(actor, no_restart=True)

    def _serve(self, number: int) -> None:
        while True:
            answer = self._ask(number, self._orders[number].get())
            with self._lock:
                _say(self._answers, {"number": number, **answer})

    def _ask(self, number: int, order: dict[str, Any]) -> dict[str, Any]:
        from ray.exceptions import RayActorError, RayTaskError

        if number not in self._actors:
            self._actors[number] = self._make(*self._arguments)
        try:
            result, printed = self._ray.get(self._actors[number].carry_out.remote(order))
        except RayActorError:
            del self._actors[number]
            return {"died": "the worker of the Ray cluster that ran the asset has ended"}
        except RayTaskError as error:
            return {"died": f"the worker of the Ray cluster cannot carry out orders: {_line(error.cause)}"}
        except Exception as error:  # noqa: BLE001 - each of Ray's layers has errors of its own
            return {"died": f"the Ray cluster was lost: {_line(error)}"}
        return {"result": result, "printed": b64encode(printed).decode()}


def _line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _say(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message, default=str) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
