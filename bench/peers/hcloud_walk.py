#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Reads the whole list with python3-hcloud, WALKS times after a first one: hcloud_walk.py ENDPOINT WALKS.
Prints wall milliseconds and images of one walk."""

import sys, time

from hcloud import Client

client = Client(token="token-of-the-benchmark", api_endpoint=sys.argv[1])
walks = int(sys.argv[2])
images = client.images.get_all()
start = time.monotonic()
for _ in range(walks):
    images = client.images.get_all()
print(f"{(time.monotonic() - start) * 1e3 / walks:.3f} {len(images)}")
