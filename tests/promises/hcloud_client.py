#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""python3-hcloud as its users write it: URL TOKEN protect|list TRIES SECONDS. A change prints {"ok":...}, a list {"ids":[...]}."""

import json, sys, time

from hcloud import Client

url, token, mutation, tries, seconds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5])
client = Client(token=token, api_endpoint=url, poll_interval=0.2)
result = {"ok": False}
for attempt in range(tries):
    try:
        if mutation == "list":
            result = {"ids": [image.id for image in client.images.get_all(type=["snapshot"])]}
        else:
            client.images.get_by_id(10).change_protection(delete=True).wait_until_finished(max_retries=int(seconds / 0.2))
            result = {"ok": True}
        break
    except Exception as error:
        result = {"ok": False, "error": repr(error)}
        time.sleep(0.3)
print(json.dumps(result))
