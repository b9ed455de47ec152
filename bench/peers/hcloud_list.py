#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Reads the whole list with python3-hcloud, TIMES times after a first one: hcloud_list.py ENDPOINT TIMES.
Prints wall milliseconds and images of one reading."""

import sys, time

from hcloud import Client

client = Client(token="token-of-the-benchmark", api_endpoint=sys.argv[1])
times = int(sys.argv[2])
images = client.images.get_all()
start = time.monotonic()
for _ in range(times):
    images = client.images.get_all()
print(f"{(time.monotonic() - start) * 1e3 / times:.3f} {len(images)}")
