"""Collections: CPU per operation at pipeline 16."""

from works import Work, run_works


def fill_hash(client):
    client.hset("hash", mapping={f"field:{i}": f"value:{i}" for i in range(100)})


def fill_sets(client):
    for name, step in (("a", 1), ("b", 2)):
        client.sadd(name, *[f"member:{i}" for i in range(0, 1000 * step, step)])
        client.sadd(name + ":small", *[f"member:{i}" for i in range(0, 50 * step, step)])


def fill_sorted_set(client):
    client.zadd("sorted", {f"member:{i}": i for i in range(10_000)})


def make_groups(client):
    for i in range(100):
        client.xgroup_create(f"stream:key:{i:011d}", "group", id="0", mkstream=True)


def fill_bitmap(client):
    client.set("bits", bytes(range(256)) * 16)


def fill_geo(client):
    points = []
    for i in range(10_000):
        points += [(i * 7919 % 36000) / 100 - 180, (i * 104729 % 17000) / 100 - 85, f"place:{i}"]
    client.geoadd("geo", points)


WORKS = [
    Work("LPUSH", "LPUSH list:{key} {value}"),
    Work("RPOP", "RPOP list:{key}"),
    Work("HSET", "HSET hash:{key} field:{key} {value}", span=300),
    Work("HGETALL, 100 fields", "HGETALL hash", 60_000, prepare=[fill_hash]),
    Work("SADD", "SADD set:{key} member:{key}"),
    Work("SPOP", "SPOP set:{key}"),
    Work("SINTER, 1,000 with 1,000", "SINTER a b", 4_000, prepare=[fill_sets]),
    Work("SINTER, 50 with 50", "SINTER a:small b:small", 40_000),
    Work("ZADD", "ZADD sorted:{key} {int} member:{key}"),
    Work("ZRANGE, 10 of 10,000", "ZRANGE sorted 5000 5009", 200_000, prepare=[fill_sorted_set]),
    Work("ZRANGEBYSCORE, 10 of 10,000", "ZRANGEBYSCORE sorted 5000 5009", 200_000),
    Work("XADD", "XADD stream:{key} * field {value}", span=100, prepare=[make_groups]),
    Work("XREADGROUP", "XREADGROUP GROUP group one COUNT 1 STREAMS stream:{key} >",
         200_000, span=100),
    Work("BITCOUNT, 4 KiB", "BITCOUNT bits", 200_000, prepare=[fill_bitmap]),
    Work("PFADD", "PFADD hll:{key} element:{key}", 200_000),
    Work("GEOSEARCH, 500 km in 10,000", "GEOSEARCH geo FROMLONLAT 15 37 BYRADIUS 500 km ASC",
         20_000, prepare=[fill_geo]),
]


def run(settings):
    report = run_works(settings, "Collections, pipeline 16", WORKS)
    report.notes.append("PFADD has been the nearest to its bar. By perf (26 Nov 2026), a sixth of its "
                        "time is the HyperLogLog's, more than half of that the walk over the runs of "
                        "Redis's sparse form; the rest is what any command costs: the kernel's "
                        "part, which is the same for both servers, parsing, the gates, the table.")
    return report
