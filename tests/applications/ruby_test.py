#!/usr/bin/python3
"""Ruby programs: redis-rb and Sidekiq, with their own tests in Ruby."""

import unittest

from application import ServerTest, Worker, beside, run_script


class Ruby(ServerTest):
    def test_redis_rb(self):
        run_script("ruby", beside("redis_rb_test.rb"), str(self.server.port))

    def test_sidekiq(self):
        url = f"redis://127.0.0.1:{self.server.port}"
        worker = Worker("sidekiq", "-r", beside("sidekiq_jobs.rb"), "-c", "3", "-q", "critical,2",
                        "-q", "default,1", REDIS_URL=url)
        self.addCleanup(worker.stop)
        worker.wait_for("Running in ruby")
        run_script("ruby", beside("sidekiq_test.rb"), REDIS_URL=url)


if __name__ == "__main__":
    unittest.main()
