"""What a server costs that has nothing to do: alone, and with clients that all wait in BLPOP."""

import socket
import time

from measure import by_turns, spread
from report import Check, Report

CLIENTS = 1000
SECONDS = 4
ROUNDS = 3
BAR_MS = 1


def cpu_ms_per_second(server):
    before, started = server.cpu_seconds(), time.monotonic()
    time.sleep(SECONDS)
    return (server.cpu_seconds() - before) * 1e3 / (time.monotonic() - started)


def wait_in_blpop(server):
    sockets = []
    for _ in range(CLIENTS):
        sockets.append(socket.create_connection(("127.0.0.1", server.port)))
        sockets[-1].sendall(b"BLPOP queue 0\r\n")
    while server.info()["blocked_clients"] < CLIENTS:
        time.sleep(0.05)
    return sockets


def run(settings):
    alone = {spec.name: [] for spec in settings.specs}
    waiting = {spec.name: [] for spec in settings.specs}
    for number in range(ROUNDS):
        for spec in by_turns(settings.specs, number):
            with settings.start(spec) as server:
                time.sleep(1)
                alone[spec.name].append(cpu_ms_per_second(server))
                sockets = wait_in_blpop(server)
                time.sleep(1)
                waiting[spec.name].append(cpu_ms_per_second(server))
                for client in sockets:
                    client.close()
    report = Report("At rest", ["server", "alone, ms of CPU a second",
                                f"with {CLIENTS:,} clients in BLPOP"])
    for spec in settings.specs:
        report.rows.append([spec.name, spread(alone[spec.name]), spread(waiting[spec.name])])
    ours = settings.candidate.name
    more = [with_clients - without for with_clients, without in zip(waiting[ours], alone[ours])]
    report.checks.append(Check.at_most(f"{CLIENTS:,} clients in BLPOP", BAR_MS, more,
                                       "ms of CPU a second more than without"))
    return report
