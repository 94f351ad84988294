"""The settings of django_test.py's application, whose cache is the server of REDIS_URL."""

import os

REDIS_CACHE = "django_redis.cache.RedisCache"
REDIS_URL = os.environ["REDIS_URL"]

SECRET_KEY = "s3cret"
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "django_views"
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
CACHES = {
    "default": {"BACKEND": REDIS_CACHE, "LOCATION": f"{REDIS_URL}/0"},
    "other": {
        "BACKEND": REDIS_CACHE,
        "LOCATION": f"{REDIS_URL}/1",
        "KEY_PREFIX": "app",
        "OPTIONS": {
            "CLIENT_CLASS": "django_redis.client.HerdClient",
            "COMPRESSOR": "django_redis.compressors.zlib.ZlibCompressor",
        },
    },
}
