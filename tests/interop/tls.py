#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""imgact-sim with a certificate, as in a container that other containers reach. tls.py IMGACT-SIM IMGACT"""

import http.client, json, os, re, shutil, ssl, subprocess, sys, tempfile

from simulator import Simulator, Skipped, TOKEN, Tool, equal, fresh, run

HEAD = {"Authorization": f"Bearer {TOKEN}"}


class Secured(Simulator):
    """Listens on all addresses; its control requests trust its certificate."""

    def __init__(self, binary, folder):
        super().__init__(binary, "--bind", "0.0.0.0", "--tls-cert", f"{folder}/cert.pem", "--tls-key", f"{folder}/key.pem")
        self.context = ssl.create_default_context(cafile=f"{folder}/cert.pem")
        self.urls = {cloud: url.replace("0.0.0.0", "127.0.0.1") for cloud, url in self.urls.items()}
        self.hetzner, self.digitalocean = self.urls["hetzner"], self.urls["digitalocean"]

    def connect(self, cloud="hetzner"):
        host, port = re.match(r"https://([^:/]*):(\d+)", self.urls[cloud]).groups()
        return http.client.HTTPSConnection(host, int(port), timeout=10, context=self.context)

    def request(self, method, path, body=None, cloud="hetzner"):
        connection = self.connect(cloud)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), HEAD)
            reply = connection.getresponse()
            return reply.status, reply.read(), reply
        finally:
            connection.close()

    def control(self, method, path, body=None):
        return json.loads(self.request(method, f"/_sim/{path}", body)[1])


def make_certificate(folder):
    if not shutil.which("openssl"):
        raise Skipped("openssl is not installed")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=imgact-sim",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                   check=True, capture_output=True)


def ended(binary, *flags):
    done = subprocess.run([binary, *flags], capture_output=True, text=True, timeout=10)
    return done.returncode, done.stderr


def bind_beyond_loopback_needs_certificate(binary, folder):
    cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    for flags, status, says in ((["--bind", "0.0.0.0"], 2, "needs a certificate"), (["--bind", "::"], 2, "needs a certificate"),
                                (["--bind", "localhost"], 2, "'localhost'"), (["--tls-cert", cert], 2, "together"),
                                (["--bind", "0.0.0.0", "--tls-key", key], 2, "together"),
                                (["--tls-cert", cert, "--tls-key", "/nonexistent/k"], 1, "/nonexistent/k"),
                                (["--tls-cert", key, "--tls-key", cert], 1, "must be PEM and match"),
                                (["--bind", "192.0.2.1", "--tls-cert", cert, "--tls-key", key], 1, "192.0.2.1")):
        got, text = ended(binary, *flags)
        equal((flags, got), (flags, status))
        if says not in text:
            raise AssertionError(f"{flags}: {text}")


def bind_ipv6_loopback_is_in_url(binary, folder):
    try:
        simulator = Simulator(binary, "--bind", "::1")
    except RuntimeError as why:
        raise Skipped(str(why)) from None
    with simulator:
        if not simulator.hetzner.startswith("http://[::1]:"):
            raise AssertionError(simulator.hetzner)
        equal(simulator.effects()["update"], 0)


def tls_serves_both_clouds(simulator, tool):
    equal(simulator.request("GET", "/v1/images/10")[0], 200)
    status, body, reply = simulator.request("GET", "/v1/images?per_page=2")
    equal(status, 200)
    equal(reply.headers["Link"].startswith("<https://127.0.0.1:"), True)
    status, body, _ = simulator.request("GET", "/v2/images?per_page=2", cloud="digitalocean")
    equal(json.loads(body)["links"]["pages"]["next"].startswith("https://127.0.0.1:"), True)


def tls_with_tool_changes_images(simulator, tool):
    for cloud in ("hetzner", "digitalocean"):
        imgact = tool(cloud)
        equal(len(imgact("image", "list", "--per-page", "2")) >= 4, True)
        imgact("image", "delete", 12 if cloud == "digitalocean" else 10, "--yes")
    equal(simulator.effects()["delete"], 2)


def tls_faults_end_connections(simulator, tool):
    whole = simulator.request("GET", "/v1/images/10")
    for fault in ({"do": "close"}, {"do": "reset"}, {"do": "cut", "bytes": 0}, {"do": "cut", "bytes": 40},
                  {"do": "cut", "bytes": 500}, {"do": "no_reply", "ms": 20}):
        simulator.control("PUT", "faults", [{**fault, "path": "/v1/*"}])
        try:
            reply = simulator.request("GET", "/v1/images/10")
        except (http.client.HTTPException, OSError):
            continue
        raise AssertionError(f"{fault}: {reply[:2]}")
    simulator.control("PUT", "faults", [{"do": "cut", "bytes": 100000, "path": "/v1/*"}, {"do": "slow", "bytes": 100000}])
    equal(simulator.request("GET", "/v1/images/10")[1], whole[1])
    simulator.control("PUT", "faults", [{"do": "delay", "ms": 50}])
    equal(simulator.request("GET", "/v1/images/10")[1], whole[1])


def tls_refuses_plain_http(simulator, tool):
    connection = http.client.HTTPConnection("127.0.0.1", int(simulator.hetzner.split(":")[2].split("/")[0]), timeout=10)
    try:
        connection.request("GET", "/v1/images/10", headers=HEAD)
        reply = connection.getresponse()
    except (http.client.HTTPException, OSError):
        return
    finally:
        connection.close()
    raise AssertionError(reply.status)


def main(binary, imgact):
    with tempfile.TemporaryDirectory() as folder:
        try:
            make_certificate(folder)
        except Skipped as why:
            print(f"1..0 # SKIP {why}")
            return 0

        def on_a_fresh_world(test, simulator):
            def tool(cloud):
                made = Tool(imgact, simulator, cloud)
                made.environment["SSL_CERT_FILE"] = f"{folder}/cert.pem"
                return made

            def go():
                fresh(simulator)
                test(simulator, tool)
            go.__name__ = test.__name__
            return go
        with Secured(binary, folder) as simulator:
            return run([(bind_beyond_loopback_needs_certificate, binary, folder), (bind_ipv6_loopback_is_in_url, binary, folder)] +
                       [(on_a_fresh_world(test, simulator),) for test in (
                           tls_serves_both_clouds, tls_with_tool_changes_images, tls_faults_end_connections, tls_refuses_plain_http)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
