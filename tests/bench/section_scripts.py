"""Scripts, transactions and messages: CPU per operation."""

import hashlib

from works import Work, run_works

SCRIPT = ("redis.call('SET', KEYS[1], ARGV[1]) redis.call('INCR', KEYS[2]) "
          "return redis.call('GET', KEYS[1])")


def load_script(client):
    client.script_load(SCRIPT)


SHA = hashlib.sha1(SCRIPT.encode()).hexdigest()
INCREMENTS = "; ".join(["INCR counter:{key}"] * 10)
WORKS = [
    Work("EVAL, 3 commands, pipeline 16", f'EVAL "{SCRIPT}" 2 string:{{key}} number:{{key}} {{value}}',
         100_000, bar=1),
    Work("EVALSHA, 3 commands, pipeline 16", f"EVALSHA {SHA} 2 string:{{key}} number:{{key}} {{value}}",
         100_000, bar=1, prepare=[load_script]),
    Work("MULTI, 10 INCR, EXEC", f"MULTI; {INCREMENTS}; EXEC", 60_000, pipeline=1),
    Work("MULTI, 10 INCR, EXEC, pipeline 16", f"MULTI; {INCREMENTS}; EXEC", 60_000),
    Work("PUBLISH to 100", "PUBLISH channel {value}", 10_000, bar=1, pipeline=1, clients=1,
         subscribers=100),
    Work("PUBLISH to 100, pipeline 16", "PUBLISH channel {value}", 30_000, bar=1, clients=1,
         subscribers=100),
]


def run(settings):
    return run_works(settings, "Scripts, transactions, messages", WORKS)
