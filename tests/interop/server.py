#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""imgact-sim as a process: its flags, its faults on real sockets, and what it survives.

server.py IMGACT-SIM [SANITIZERS], where sanitizers other than "none" make memory no matter."""

import concurrent.futures, contextlib, http.client, json, os, random, re, resource, select, signal, socket, struct, subprocess, sys, tempfile, time

from simulator import Simulator, Skipped, TOKEN, equal, fresh, run

SANITIZED = sys.argv[2:3] not in ([], ["none"])
HEAD = {"Authorization": f"Bearer {TOKEN}"}


def where(url):
    host, port = re.match(r"http://([^:/]*):(\d+)", url).groups()
    return host, int(port)


def get(simulator, path="/v1/images/10", method="GET", body=None, timeout=10):
    connection = http.client.HTTPConnection(*where(simulator.hetzner), timeout=timeout)
    try:
        connection.request(method, path, body, HEAD)
        reply = connection.getresponse()
        return reply.status, reply.read(), reply
    finally:
        connection.close()


def raw(simulator, data, timeout=2, half=False):
    """Sends bytes, shuts down sending if half is set, and returns what comes until the end or the time-out."""
    with socket.create_connection(where(simulator.hetzner), timeout=timeout) as peer:
        peer.sendall(data)
        if half:
            peer.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while block := peer.recv(65536):
                got += block
        except TimeoutError:
            pass
        return got


def request_bytes(path="/v1/images/10"):
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n".encode()


def raises(kind, call):
    try:
        call()
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


# -- flags

def ended(binary, *flags):
    done = subprocess.run([binary, *flags], capture_output=True, text=True, timeout=10)
    return done.returncode, done.stderr


def sim_invalid_flags_and_files_named(binary):
    with tempfile.TemporaryDirectory() as folder:
        bad = os.path.join(folder, "bad.json")
        with open(bad, "w") as file:
            file.write('{"hetzner":{"images":[{"id":-1}]}}')
        empty = os.path.join(folder, "empty.json")
        open(empty, "w").close()
        for flags, status, says in ((["--speed", "x"], 2, "--speed"), (["--hetzner", "65536"], 2, "--hetzner"), (["extra"], 2, "extra"),
                                    (["--images", "100001"], 2, "--images"), (["--nix"], 2, "nix"),
                                    (["--world", "/nonexistent/w"], 1, "/nonexistent/w: No such file"),
                                    (["--world", folder], 1, "directory"), (["--world", bad], 1, "hetzner.images[0].id"),
                                    (["--faults", bad], 1, "faults: must be a list"),
                                    (["--world", empty], 1, empty + ": "), (["--faults", empty], 1, empty + ": "),
                                    (["--log", "/nonexistent/l"], 1, "/nonexistent/l")):
            got, text = ended(binary, *flags)
            equal(got, status)
            if says not in text:
                raise AssertionError(f"{flags}: {text}")


def sim_guide_files_are_loaded(binary):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "simulator.md")) as file:
        world, faults = re.findall(r"```json\n(.*?)```", file.read(), re.S)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for text in (world, faults):
            paths.append(os.path.join(folder, str(len(paths))))
            with open(paths[-1], "w") as file:
                file.write(text)
        with Simulator(binary, "--world", paths[0], "--faults", paths[1]) as simulator:
            equal(len(simulator.control("GET", "faults")), 3)
            equal(simulator.control("GET", "world")["hetzner"]["actions"][0]["effect"], "unprotect")


def sim_port_in_use_is_named(binary):
    with Simulator(binary) as simulator:
        port = str(where(simulator.hetzner)[1])
        got, text = ended(binary, "--digitalocean", port)
        equal(got, 1)
        assert port in text and "in use" in text, text


def sim_signals_end_it_cleanly(binary):
    for number in (signal.SIGTERM, signal.SIGINT):
        simulator = Simulator(binary)
        with simulator:
            fresh(simulator)
            simulator.control("PUT", "faults", [{"do": "no_reply", "path": "/v1/*"}])
            with socket.create_connection(where(simulator.hetzner)) as peer:
                peer.sendall(request_bytes())
                in_flight_becomes(simulator, 1)
                simulator.process.send_signal(number)
                equal(simulator.process.wait(timeout=10), 0)


def sim_log_has_requests_without_token(binary):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log")
        with Simulator(binary, "--log", path) as simulator:
            fresh(simulator)
            get(simulator, "/v1/images/10?x=%20")
        with open(path) as file:
            text = file.read()
    lines = [json.loads(line) for line in text.splitlines()]
    equal([lines[-1][k] for k in ("cloud", "method", "target", "status", "end")], ["hetzner", "GET", "/v1/images/10?x=%20", 200, "reply"])
    assert TOKEN not in text


def sim_100000_images_small_and_quick(binary):
    with Simulator(binary, "--images", "100000") as simulator:
        simulator.control("POST", "world", {"limits": {"hetzner": {"limit": 0}}})
        seen, page, start = 0, 1, time.monotonic()
        while page and page <= 40:
            reply = json.loads(get(simulator, f"/v1/images?include_deprecated=true&per_page=50&page={page}")[1])
            seen += len(reply["images"])
            total, page = reply["meta"]["pagination"]["total_entries"], reply["meta"]["pagination"]["next_page"]
        equal((seen, total), (2000, 100000))
        with open(f"/proc/{simulator.process.pid}/status") as file:
            peak_kib = int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))
        print(f"# {peak_kib >> 10} MiB, 40 pages in {time.monotonic() - start:.2f} s")
        assert SANITIZED or peak_kib < 200 << 10, f"{peak_kib} KiB"


def sim_connection_above_limit_waits(binary):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < 1200:
        raise Skipped("too few files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    ask = request_bytes().replace(b"Connection: close\r\n", b"")
    with Simulator(binary) as simulator, contextlib.ExitStack() as places:
        def client():
            peer = places.enter_context(socket.create_connection(where(simulator.hetzner), timeout=30))
            peer.sendall(ask)
            return peer
        fresh(simulator)
        peers = [client() for _ in range(1000)]
        for peer in peers:
            assert peer.recv(1)
        late = client()
        equal(select.select([late], [], [], 0.2)[0], [])
        peers[0].close()
        assert late.recv(1)


# -- faults on the wire

def fault_close_and_reset_end_connection(simulator):
    fresh(simulator)
    for fault, kind in (("close", http.client.RemoteDisconnected), ("reset", ConnectionResetError)):
        simulator.control("PUT", "faults", [{"do": fault, "path": "/v1/*", "count": 1}])
        raises(kind, lambda: get(simulator))
        equal(get(simulator)[0], 200)


def fault_cut_ends_at_every_byte(simulator):
    """Each is a beginning of the whole, but for the id, which is as long every time."""
    fresh(simulator)
    simulator.control("POST", "time", {"speed": 0})
    _, body, _ = get(simulator, "/v1/nix")
    cut = lambda count: {"do": "cut", "bytes": count, "path": "/v1/*"}
    simulator.control("PUT", "faults", [cut(100000)])
    whole = raw(simulator, request_bytes("/v1/nix"))
    assert whole.startswith(b"HTTP/1.1 404 ") and whole.endswith(b"\r\n\r\n" + body), whole
    start, end = re.search(rb"X-Correlation-Id: (\w+)", whole).span(1)
    equal(end - start, 16)
    simulator.control("PUT", "faults", [{**cut(count), "skip": count, "count": 1} for count in range(len(whole))])
    for count in range(len(whole)):
        got = raw(simulator, request_bytes("/v1/nix"))
        equal(len(got), count)
        equal((got[:start], got[end:]), (whole[:min(start, count)], whole[end:count]))
    simulator.control("POST", "time", {"speed": 1})


def fault_delay_and_slow_take_time(simulator):
    fresh(simulator)
    for fault in ({"do": "delay", "ms": 200}, {"do": "slow", "bytes": 2000}):
        simulator.control("PUT", "faults", [{**fault, "path": "/v1/*", "count": 1}])
        start = time.monotonic()
        status, body, _ = get(simulator)
        took = time.monotonic() - start
        equal(status, 200)
        json.loads(body)
        assert took > 0.15, took


def cpu_s(simulator):
    with open(f"/proc/{simulator.process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def in_flight_becomes(simulator, count):
    end = time.monotonic() + 10
    while simulator.control("GET", "counters")["in_flight"] != count:
        if time.monotonic() > end:
            raise AssertionError(f"never {count} in flight")
        time.sleep(0.01)


def half_closed_client_gets_timely_response(simulator):
    ask, last = request_bytes().replace(b"Connection: close\r\n", b""), request_bytes()
    with socket.create_connection(where(simulator.hetzner)) as idle:
        idle.sendall(ask)
        idle.recv(1)
        for fault, least in (("delay", {"ms": 600}), 0.5), (("slow", {"bytes": 600}), 0.4), (("delay", {"ms": 0}), 0):
            for asked in (ask, last, ask * 3, last + b"GET / HTTP/1.1\r\n"):
                fresh(simulator)
                simulator.control("PUT", "faults", [{"do": fault[0], **fault[1], "path": "/v1/*", "count": 1}])
                start, cpu = time.monotonic(), cpu_s(simulator)
                got = raw(simulator, asked, timeout=30, half=True)
                took, cpu = time.monotonic() - start, cpu_s(simulator) - cpu
                assert got.startswith(b"HTTP/1.1 200") and got.endswith(b"}"), (fault, asked, got)
                equal(got.count(b"HTTP/1.1 200"), asked.count(b"Host"))
                assert least < took < 30, took
                assert cpu < took / 3 or not least, f"{cpu} s of CPU in {took} s"


def fault_no_reply_lasts_until_disconnect(simulator):
    fresh(simulator)
    simulator.control("PUT", "faults", [{"do": "no_reply", "path": "/v1/*", "count": 1}])
    raises(TimeoutError, lambda: get(simulator, timeout=0.2))
    in_flight_becomes(simulator, 0)


def client_reset_ends_delayed_response(simulator):
    for fault in ({"do": "delay", "ms": 3600000}, {"do": "slow", "bytes": 1}, {"do": "no_reply", "ms": 3600000}, {"do": "no_reply"}):
        fresh(simulator)
        simulator.control("PUT", "faults", [{**fault, "path": "/v1/*", "count": 1}])
        with socket.create_connection(where(simulator.hetzner)) as peer:
            peer.sendall(request_bytes())
            in_flight_becomes(simulator, 1)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        in_flight_becomes(simulator, 0)


def counters_count_concurrent_requests(simulator):
    fresh(simulator)
    simulator.control("PUT", "faults", [{"do": "delay", "ms": 300, "path": "/v1/*"}])
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        statuses = [f.result()[0] for f in [pool.submit(get, simulator) for _ in range(20)]]
    equal(statuses, [200] * 20)
    assert simulator.control("GET", "counters")["peak_in_flight"] > 10


# -- what it survives

def malformed_http_is_rejected(simulator):
    """Each is refused with one of these statuses, or (None) without a word, and nothing is done."""
    fresh(simulator)
    key = f"Host: x\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n".encode()
    long, huge = b"x" * 100000, b"x" * 300000
    cases = ((b"GARBAGE\r\n\r\n", (None, 400)),
             (b"GET\r\n\r\n", (None, 400)),
             (b"\x00\xff\x00\r\n\r\n", (None, 400)),
             (b"GET / HTTP/9.9\r\n\r\n", (505,)),
             (b"GET /" + long + b" HTTP/1.1\r\n" + key + b"\r\n", (404, 414)),
             (b"GET /" + huge + b" HTTP/1.1\r\n" + key + b"\r\n", (414, 431)),
             (b"GET /v1/images HTTP/1.1\r\nX: " + huge + b"\r\n" + key + b"\r\n", (431,)),
             (b"GET /v1/images?" + b"a=b&" * 2000 + b" HTTP/1.1\r\n" + key + b"\r\n", (400,)),
             (b"GET /v1/images?name=%ff HTTP/1.1\r\n" + key + b"\r\n", (400,)),
             (b"GET /v1/%zz/%00/%ff HTTP/1.1\r\n" + key + b"\r\n", (400, 404)),  # 400: libmicrohttpd 1.0.10
             (b"PUT /v1/images/10 HTTP/1.1\r\n" + key + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", (400,)),
             (b"PUT /v1/images/10 HTTP/1.1\r\n" + key + b"Content-Length: 99999999999999999999\r\n\r\n", (400, 413)),
             (b"PUT /v1/images/10 HTTP/1.1\r\n" + key + b"Content-Length: 20\r\n\r\n{\"description\":\"x\"}", (None, 400)),
             (b"PUT /v1/images/10 HTTP/1.1\r\n" + key + b"Content-Length: 1\r\n\r\n{", (400,)),
             (b"GET /v1/images HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: \xff\xfe\r\n\r\n", (401,)))
    for data, statuses in cases:
        try:
            got = raw(simulator, data, timeout=0.3 if None in statuses else 30)
            status = re.match(rb"HTTP/1\.[01] (\d{3}) ", got)
            assert (status and int(status[1])) in statuses and bool(status) == bool(got), (data[:80], got[:200])
        except ConnectionError:  # refused while it is still being sent
            assert len(data) > 65536, data
        equal(get(simulator)[0], 200)
    equal(sum(simulator.effects().values()), 0)


def body_too_large_is_rejected(simulator):
    fresh(simulator)
    for path, mebibytes, code in (("/v1/images/10", 5, "payload_too_large"), ("/_sim/world", 33, None)):
        status, body, _ = get(simulator, path, method="PUT", body=b" " * (mebibytes << 20), timeout=60)
        equal(status, 413)
        error = json.loads(body)["error"]
        assert error["code"] == code if code else "32 MiB" in error, error
    equal(simulator.control("GET", "counters")["status"]["4xx"], 1)
    equal(get(simulator)[0], 200)


def world_of_100000_images_round_trips(simulator):
    images = [{"id": 1 + i, "type": "snapshot", "description": f"image {i}", "created": "2026-01-01T00:00:00Z", "labels": {"env": "prod"}}
              for i in range(100000)]
    simulator.control("PUT", "world", {"hetzner": {"images": images}})
    equal(json.loads(get(simulator, "/v1/images")[1])["meta"]["pagination"]["total_entries"], 100000)
    simulator.control("PUT", "world", {"hetzner": {"images": images[:20000]}, "digitalocean": {"images": [
        {"id": 1 + i, "name": f"image {i}", "regions": ["nyc3"], "tags": ["prod"]} for i in range(20000)]}})
    world = simulator.control("GET", "world")
    simulator.control("PUT", "world", world)
    equal(simulator.control("GET", "world"), world)


def random_requests_leave_server_working(simulator):
    """For SIM_RANDOM_SECONDS (1 without it): requests that are cut, joined, bent and left alone, under random faults."""
    fresh(simulator)
    dice = random.Random(int(os.environ.get("SIM_RANDOM_SEED", "4711")))
    end = time.monotonic() + float(os.environ.get("SIM_RANDOM_SECONDS", "1"))
    faults = [{"do": "close"}, {"do": "reset"}, {"do": "cut", "bytes": 200}, {"do": "delay", "ms": 5}, {"do": "slow", "bytes": 20000},
             {"do": "no_reply", "ms": 5}, {"do": "no_reply"}, {"do": "status", "status": 502, "body": "html"}]
    while time.monotonic() < end:
        simulator.control("PUT", "faults", [{**dice.choice(faults), "probability": 0.3, "path": "/v1/*", "when": dice.choice(["before", "after"])}])
        for _ in range(30):
            data = bytearray()
            for _ in range(dice.randint(1, 4)):
                body = dice.choice([b"", b"{}", b'{"delete":true}', b'{"labels":{"a":"b"}}', b"{"])
                data += (f"{dice.choice(['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS'])} /v1/images{dice.choice(['', '/10', '/10/actions/change_protection', '/11'])}"
                         f" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
            if dice.random() < 0.4:
                data[dice.randrange(len(data))] = dice.randrange(256)
            if dice.random() < 0.3:
                del data[dice.randrange(len(data)):]
            with socket.create_connection(where(simulator.hetzner), timeout=30) as peer:
                peer.settimeout(dice.choice([0.001, 0.05]))
                try:
                    peer.sendall(data)
                    peer.recv(dice.choice([1, 65536]))
                except OSError:
                    pass
    simulator.control("DELETE", "faults")
    assert get(simulator, timeout=30)[0] in (200, 404)


def main(binary, *_):
    alone = [sim_invalid_flags_and_files_named, sim_guide_files_are_loaded, sim_port_in_use_is_named, sim_signals_end_it_cleanly, sim_log_has_requests_without_token,
             sim_100000_images_small_and_quick, sim_connection_above_limit_waits]
    shared = [fault_close_and_reset_end_connection, fault_cut_ends_at_every_byte, fault_delay_and_slow_take_time, half_closed_client_gets_timely_response,
              fault_no_reply_lasts_until_disconnect, client_reset_ends_delayed_response,
              counters_count_concurrent_requests, malformed_http_is_rejected,
              body_too_large_is_rejected, world_of_100000_images_round_trips, random_requests_leave_server_working]
    simulator = Simulator(binary)

    def sim_exits_with_status_zero():
        equal(simulator.stop(), 0)

    with simulator:
        return run([(test, binary) for test in alone] + [(test, simulator) for test in shared] + [(sim_exits_with_status_zero,)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
