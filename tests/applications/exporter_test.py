#!/usr/bin/python3
"""prometheus-redis-exporter: what it tells Prometheus about the server is there and is right."""

import re
import unittest
import urllib.error
import urllib.request

import redis

from application import TIMEOUT, ServerTest, Worker, free_port, wait_until


class Exporter(ServerTest):
    OPTIONS = ("--maxmemory", "100mb", "--maxmemory-policy", "noeviction")

    def setUp(self):
        super().setUp()
        self.redis = redis.Redis(port=self.server.port)
        self.addCleanup(self.redis.close)
        self.redis.config_resetstat()

    def start(self, *options):
        """Starts an exporter; a function that asks it."""
        port = free_port()
        exporter = Worker("prometheus-redis-exporter", "-redis.addr",
                          f"redis://127.0.0.1:{self.server.port}", "-web.listen-address",
                          f"127.0.0.1:{port}", *options)
        self.addCleanup(exporter.stop)
        exporter.wait_for("Providing metrics")
        url = f"http://127.0.0.1:{port}/metrics"
        wait_until(lambda: self.scrape(url), "it listens")

        def ask():
            metrics = self.scrape(url)
            self.assertEqual(metrics["redis_up"], 1)
            self.assertEqual(metrics['redis_exporter_last_scrape_error{err=""}'], 0)
            self.assertNotRegex(exporter.log(), "level=(error|warning)")
            return metrics
        return ask

    def scrape(self, url):
        """The values by name and labels; None while nobody listens."""
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
                text = answer.read().decode()
        except ConnectionRefusedError:
            return None
        except urllib.error.URLError as error:
            self.assertIsInstance(error.reason, ConnectionRefusedError)
            return None
        lines = re.findall(r"^(redis_.*) (\S+)$", text, re.M)
        return {name: float(value) for name, value in lines}

    def labels(self, metrics, name):
        """The labels of the only metric of this name."""
        found, = [metric for metric in metrics if metric.startswith(name + "{")]
        return dict(re.findall(r'(\w+)="([^"]*)"', found))

    def test_what_the_server_is(self):
        metrics = self.start()()
        info = self.redis.info()
        labels = self.labels(metrics, "redis_instance_info")
        for name in ("redis_version", "redis_mode", "role", "maxmemory_policy", "os", "run_id"):
            self.assertEqual(labels[name], str(info[name]), name)
        self.assertEqual(labels["tcp_port"], str(self.server.port))
        self.assertEqual(metrics["redis_process_id"], self.server.pid)
        self.assertEqual(metrics["redis_memory_max_bytes"], 100 << 20)
        self.assertEqual(metrics["redis_config_maxmemory"], 100 << 20)
        self.assertEqual(metrics["redis_config_maxclients"], 10000)
        self.assertAlmostEqual(metrics["redis_start_time_seconds"],
                               self.redis.time()[0] - info["uptime_in_seconds"], delta=60)

    def test_keys_and_traffic(self):
        ask = self.start()
        self.redis.mset({f"k{i}": i for i in range(10)})
        self.redis.expire("k1", 1000)
        self.redis.get("k1")
        self.redis.get("none")
        self.redis.psetex("short", 1, "v")
        wait_until(lambda: not self.redis.exists("short"), "it has expired")
        wait_until(lambda: self.redis.info("keyspace")["db0"]["avg_ttl"] > 0, "it has been seen")
        metrics = ask()
        self.assertEqual(metrics['redis_db_keys{db="db0"}'], 10)
        self.assertEqual(metrics['redis_db_keys_expiring{db="db0"}'], 1)
        self.assertAlmostEqual(metrics['redis_db_avg_ttl_seconds{db="db0"}'], 1000, delta=TIMEOUT)
        self.assertEqual(metrics['redis_db_keys{db="db15"}'], 0)
        self.assertEqual(metrics["redis_expired_keys_total"], 1)
        self.assertGreaterEqual(metrics["redis_keyspace_hits_total"], 1)
        self.assertGreaterEqual(metrics["redis_keyspace_misses_total"], 1)
        self.assertGreater(metrics["redis_net_input_bytes_total"], 100)
        self.assertGreater(metrics["redis_net_output_bytes_total"], 1000)

    def test_clients_and_memory(self):
        ask = self.start()
        with self.redis.pubsub() as subscriber:
            subscriber.subscribe("news")
            subscriber.psubscribe("n*")
            subscriber.get_message(timeout=TIMEOUT)
            subscriber.get_message(timeout=TIMEOUT)
            metrics = ask()
        self.assertEqual(metrics["redis_pubsub_channels"], 1)
        self.assertEqual(metrics["redis_pubsub_patterns"], 1)
        self.assertGreaterEqual(metrics["redis_connected_clients"], 2)
        self.assertEqual(metrics["redis_blocked_clients"], 0)
        self.assertGreaterEqual(metrics["redis_connections_received_total"], 1)
        before = metrics["redis_memory_used_bytes"]
        self.redis.set("big", b"x" * 10_000_000)
        metrics = ask()
        self.assertGreater(metrics["redis_memory_used_bytes"], before + 9_000_000)
        self.assertGreaterEqual(metrics["redis_memory_used_peak_bytes"], before + 9_000_000)
        self.assertGreater(metrics["redis_memory_used_rss_bytes"], 0)

    def test_commands_and_errors(self):
        ask = self.start()
        for _ in range(7):
            self.redis.incrby("n")
        self.assertRaises(redis.ResponseError, self.redis.lpush, "n", 1)
        metrics = ask()
        self.assertEqual(metrics['redis_commands_total{cmd="incrby"}'], 7)
        self.assertEqual(metrics['redis_commands_failed_calls_total{cmd="lpush"}'], 1)
        self.assertGreater(metrics['redis_commands_duration_seconds_total{cmd="incrby"}'], 0)
        self.assertEqual(metrics['redis_latency_percentiles_usec_count{cmd="incrby"}'], 7)
        self.assertGreater(metrics['redis_latency_percentiles_usec{cmd="incrby",quantile="50"}'], 0)
        self.assertGreater(metrics["redis_commands_processed_total"], 8)
        self.assertEqual(metrics["redis_total_error_replies"], 1)

    def test_the_slow_log(self):
        self.redis.config_set("slowlog-log-slower-than", 0)
        self.addCleanup(self.redis.config_set, "slowlog-log-slower-than", 10_000)
        self.redis.slowlog_reset()
        self.redis.set("k", "v")
        metrics = self.start()()
        self.assertGreaterEqual(metrics["redis_slowlog_length"], 2)
        self.assertGreater(metrics["redis_slowlog_last_id"], 0)

    def test_single_keys(self):
        self.redis.set("text", 42)
        self.redis.rpush("app:list", *range(5))
        self.redis.hset("app:hash", mapping={"a": 1, "b": 2})
        self.redis.zadd("app:zset", {"a": 1})
        metrics = self.start("-check-single-keys", "text", "-check-keys", "app:*",
                             "-count-keys", "app:*,db0=t*")()
        self.assertEqual(metrics['redis_key_value{db="db0",key="text"}'], 42)
        for name, size in (("list", 5), ("hash", 2), ("zset", 1)):
            self.assertEqual(metrics[f'redis_key_size{{db="db0",key="app:{name}"}}'], size)
        self.assertEqual(metrics['redis_keys_count{db="db0",key="app:*"}'], 3)
        self.assertEqual(metrics['redis_keys_count{db="db0",key="t*"}'], 1)

    def test_streams(self):
        self.redis.xgroup_create("jobs", "workers", mkstream=True)
        for i in range(3):
            self.redis.xadd("jobs", {"n": i})
        self.redis.xreadgroup("workers", "me", {"jobs": ">"}, count=2)
        metrics = self.start("-check-single-streams", "jobs")()
        group = '{db="db0",group="workers",stream="jobs"}'
        self.assertEqual(metrics['redis_stream_length{db="db0",stream="jobs"}'], 3)
        self.assertEqual(metrics['redis_stream_groups{db="db0",stream="jobs"}'], 1)
        self.assertEqual(metrics["redis_stream_group_messages_pending" + group], 2)
        self.assertEqual(metrics["redis_stream_group_consumers" + group], 1)

    def test_groups_of_keys_by_a_script(self):
        self.redis.mset({f"{name}:{i}": "v" for name in ("cat", "dog") for i in range(20)})
        metrics = self.start("-check-key-groups", "^(cat):,^(dog):")()
        for name in ("cat", "dog"):
            labels = f'{{db="db0",key_group="{name}"}}'
            self.assertEqual(metrics["redis_key_group_count" + labels], 20)
            self.assertGreater(metrics["redis_key_group_memory_usage_bytes" + labels], 20 * 10)

    def test_the_list_of_clients(self):
        self.redis.client_setname("tester")
        metrics = self.start("-export-client-list")()
        names = [name for name in metrics if name.startswith("redis_connected_clients_details")]
        self.assertEqual(len([name for name in names if 'name="tester"' in name]), 1, names)
        self.assertEqual(len([name for name in names if 'name="redis_exporter"' in name]), 1)

    def test_all_of_the_configuration(self):
        metrics = self.start("-include-config-metrics")()
        options = self.redis.config_get("maxmemory*")
        self.assertEqual(options["maxmemory"], str(100 << 20))
        for name, value in options.items():
            self.assertIn(f'redis_config_key_value{{key="{name}",value="{value}"}}', metrics)


if __name__ == "__main__":
    unittest.main()
