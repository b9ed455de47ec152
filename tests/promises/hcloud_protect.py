#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One change of protection with python3-hcloud, as its users write it: URL TOKEN TRIES SECONDS. Prints {"ok":...,"told":...}."""

import json, sys, time

from hcloud import Client

url, token, tries, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
client = Client(token=token, api_endpoint=url, poll_interval=0.2)
told = {"ok": False}
for attempt in range(tries):
    try:
        client.images.get_by_id(10).change_protection(delete=True).wait_until_finished(max_retries=int(seconds / 0.2))
        told = {"ok": True, "told": ""}
        break
    except Exception as error:
        told = {"ok": False, "told": repr(error)}
        time.sleep(0.3)
print(json.dumps(told))
