import os
import time

import requests

session = requests.Session()
session.headers["Authorization"] = f"Bearer {os.environ['HUSH_TOKEN']}"


def ask(method, url, attempts=5, **options):
    """Asks, and when the service says how long to wait, waits as long and asks again."""
    for attempt in range(1, attempts + 1):
        response = session.request(method, url, timeout=30, **options)
        seconds = int(response.headers.get("Retry-After", 0))
        if seconds == 0 or attempt == attempts:
            return response
        time.sleep(seconds)


for _ in range(3):
    response = ask("GET", "http://127.0.0.1:8080/v1/users", params={"limit": 1})
    print(response.status_code, response.headers.get("X-RateLimit-Remaining"))
