#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every reply of a tour through both APIs holds against their OpenAPI documents. schemas.py IMGACT-SIM SPECS"""

import json, os, re, sys, urllib.error, urllib.request

from simulator import Simulator, TOKEN, equal, fresh, run

try:
    import jsonschema, yaml
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)


def plain(schema):
    """OpenAPI 3.0 as JSON Schema: nullable becomes a type, and every property that is not named is let through."""
    if isinstance(schema, list):
        return [plain(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    out = {k: plain(v) for k, v in schema.items() if k not in ("nullable", "example", "examples", "readOnly", "default")}
    if schema.get("nullable"):
        if "enum" in out:
            out["enum"] = [*out["enum"], None]
        return {"anyOf": [out, {"type": "null"}]}
    return out


class Document:
    def __init__(self, path, unchecked=()):
        with open(path) as file:
            self.spec = json.load(file) if path.endswith(".json") else yaml.safe_load(file)
        self.schemas = {"components": plain(self.spec["components"])}
        self.unchecked = unchecked
        self.seen = set()

    def resolve(self, part):
        while isinstance(part, dict) and "$ref" in part:
            at = self.spec
            for name in part["$ref"].removeprefix("#/").split("/"):
                at = at[name.replace("~1", "/")]
            part = at
        return part

    def operation(self, method, path):
        """The paths without a parameter win, as OpenAPI has it."""
        for template in sorted(self.spec["paths"], key=lambda t: t.count("{")):
            pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method.lower() in self.spec["paths"][template]:
                return template, self.spec["paths"][template][method.lower()]
        return None, None

    def check(self, method, path, status, headers, body):
        """Returns false if the document does not have the operation."""
        template, operation = self.operation(method, path.split("?")[0])
        if not operation:
            return False
        responses = operation["responses"]
        response = responses.get(str(status)) or responses.get(f"{status // 100}XX") or responses.get("default")
        if response is None:
            raise AssertionError(f"{method} {template}: {status} is not declared")
        response = self.resolve(response)
        self.seen.add((method, template, status))
        content = response.get("content")
        if (method, template) in self.unchecked and status < 300:
            return True
        if not content:
            equal(body, b"")
            return True
        kind = headers["content-type"].split(";")[0]
        schema = plain(content[kind].get("schema", {}))
        validator = jsonschema.Draft4Validator({**schema, **self.schemas}, format_checker=jsonschema.FormatChecker())
        problems = [f"{'.'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(json.loads(body))]
        if problems:
            raise AssertionError(f"{method} {path} {status}: {problems[:3]}")
        for name, header in response.get("headers", {}).items():
            value, schema = headers.get(name), self.resolve(header).get("schema", {})
            if value is not None and schema.get("type") == "integer":
                int(value)
        return True


class Tour:
    def __init__(self, simulator, documents, base):
        self.simulator, self.documents, self.base = simulator, documents, base

    def __call__(self, method, path, status, body=None, token=TOKEN):
        data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method, headers={"Authorization": f"Bearer {token}"})
        try:
            reply = urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
            content = reply.read()
            if reply.status != status:
                raise AssertionError(f"{method} {path}: {reply.status}, not {status}: {content[:300]}")
            checks = [document.check(method, path, status, reply.headers, content) for document in self.documents]
            if not any(checks):
                raise AssertionError(f"{method} {path} is in no document")
        return json.loads(content) if content else None

    def later(self):
        self.simulator.control("POST", "time", {"advance_ms": 10000000})


def hetzner(simulator, documents):
    go = Tour(simulator, documents, simulator.hetzner)
    for query in ("", "?include_deprecated=true&per_page=2&page=2", "?type=snapshot&type=backup&sort=created:desc",
                  "?label_selector=env%3Dprod", "?page=99"):
        go("GET", "/images" + query, 200)
    for query in ("?type=x", "?sort=x", "?page=0", "?label_selector=%2C"):
        go("GET", "/images" + query, 422)
    for number in (1, 3, 10, 11, 12):
        go("GET", f"/images/{number}", 200)
    go("GET", "/images/99", 404)
    go("GET", "/images", 401, token="invalid")
    go("GET", "/images", 401, token="")
    go("DELETE", "/images/10", 401, token="reader")
    go("PUT", "/images/10", 200, {"description": "d", "labels": {"a": ""}})
    go("PUT", "/images/11", 200, {"type": "snapshot"})
    go("PUT", "/images/10", 400, "{")
    go("PUT", "/images/10", 422, {"labels": {"-": ""}})
    go("PUT", "/images/1", 403, {"description": "d"})
    action = go("POST", "/images/10/actions/change_protection", 201, {"delete": True})["action"]["id"]
    go("POST", "/images/10/actions/change_protection", 423, {"delete": True})
    go("GET", f"/actions/{action}", 200)
    go.later()
    go("DELETE", "/images/10", 423)
    simulator.control("PUT", "faults", [{"do": "fail", "method": "POST"}])
    go("POST", "/images/12/actions/change_protection", 201, {"delete": False})
    simulator.control("DELETE", "faults")
    go.later()
    for path in ("/images/actions?status=error", "/images/actions?per_page=1", "/images/10/actions", f"/images/actions/{action}",
                 f"/images/10/actions/{action}", f"/actions?id={action}", f"/actions/{action}"):
        go("GET", path, 200)
    go("GET", "/images/actions/99", 404)
    go("GET", "/actions", 410)
    go("DELETE", "/images/11", 204)
    servers(simulator, go)
    simulator.control("POST", "world", {"limits": {"hetzner": {"limit": 1}}})
    go("GET", "/images/10", 200, token="fresh")
    go("GET", "/images/10", 429, token="fresh")


def servers(simulator, go):
    create = "/servers/1/actions/create_image"
    made = go("POST", create, 201, {"description": "d", "labels": {"a": "b"}})
    go("POST", create, 423, {})
    go("GET", f"/images/{made['image']['id']}", 200)
    go("GET", "/servers/1/actions?status=running&sort=id:desc", 200)
    go.later()
    go("GET", f"/images/{made['image']['id']}", 200)
    simulator.control("PUT", "faults", [{"do": "fail", "leaves": "unavailable"}])
    failed = go("POST", create, 201, {"type": "backup"})
    simulator.control("DELETE", "faults")
    go.later()
    for made in (made, failed):
        action = made["action"]["id"]
        for path in (f"/servers/1/actions/{action}", f"/servers/actions/{action}", f"/actions/{action}", f"/actions?id={action}",
                     "/servers/1/actions", "/servers/actions?per_page=1"):
            go("GET", path, 200)
    go("GET", f"/images/{failed['image']['id']}", 200)
    go("POST", create, 422, {"name": "n"})
    go("POST", create, 400, "")
    go("POST", "/servers/99/actions/create_image", 404, {})
    go("POST", create, 401, {}, token="reader")
    go("GET", "/servers/99/actions", 404)
    go("GET", "/servers/1/actions/99", 404)


def digitalocean(simulator, documents):
    go = Tour(simulator, documents, simulator.digitalocean)
    for query in ("", "?type=distribution", "?type=application", "?private=true&per_page=1&page=2", "?tag_name=prod", "?page=99"):
        go("GET", "/v2/images" + query, 200)
    go("GET", "/v2/images", 401, token="invalid")
    for reference in ("1", "10", "11", "12", "debian-12-x64"):
        go("GET", f"/v2/images/{reference}", 200)
    go("GET", "/v2/images/99", 404)
    go("PUT", "/v2/images/10", 200, {"name": "n", "distribution": "x", "description": ""})
    transfer = go("POST", "/v2/images/10/actions", 201, {"type": "transfer", "region": "nyc3"})["action"]["id"]
    go("POST", "/v2/images/11/actions", 201, {"type": "convert"})
    go("POST", "/v2/images/10/actions", 404, {"type": "fly"})
    go("GET", f"/v2/images/10/actions/{transfer}", 200)
    go.later()
    custom = go("POST", "/v2/images", 202, {"name": "c", "url": "http://h/i", "region": "nyc3", "tags": ["t"]})["image"]["id"]
    go("GET", f"/v2/images/{custom}", 200)
    failed = go("POST", "/v2/images", 202, {"name": "c", "url": "http://h/fail", "region": "nyc3"})["image"]["id"]
    go.later()
    for path in ("/v2/images/10/actions", f"/v2/images/10/actions/{transfer}", "/v2/actions?per_page=1&page=2", "/v2/actions",
                 f"/v2/actions/{transfer}", f"/v2/images/{failed}", f"/v2/images/{custom}"):
        go("GET", path, 200)
    go("GET", "/v2/actions/99", 404)
    handover = "/v2/images/10/account_transfer"
    for recipient, end, status in (({"recipient_email": "a@b.c"}, "cancel", 204), ({"recipient_uuid": "u"}, "decline", 204),
                                   ({"recipient_uuid": "u"}, "accept", 201)):
        started = go("POST", handover, 201, recipient)
        go("POST", f"{handover}/{end}", status, {**started, "recipient_uuid": "u"})
    go("POST", "/v2/images/12/account_transfer", 400, {})
    tags(go)
    droplets(simulator, go)
    go("DELETE", "/v2/images/12", 204)
    simulator.control("POST", "world", {"limits": {"digitalocean": {"limit": 1, "burst": 1}}})
    go("GET", "/v2/images/11", 200, token="fresh")
    go("GET", "/v2/images/11", 429, token="fresh")


def tags(go):
    image = {"resources": [{"resource_id": "12", "resource_type": "image"}]}
    go("POST", "/v2/tags", 201, {"name": "new:tag"})
    go("POST", "/v2/tags", 201, {"name": "NEW:tag"})
    go("POST", "/v2/tags", 400, {"name": "a b"})
    go("POST", "/v2/tags/new:tag/resources", 204, image)
    go("POST", "/v2/tags/NEW:tag/resources", 404, image)
    go("GET", "/v2/tags/new%3Atag", 200)
    go("GET", "/v2/tags", 200)
    go("GET", "/v2/tags?per_page=1&page=2", 200)
    go("DELETE", "/v2/tags/new:tag/resources", 204, image)
    go("DELETE", "/v2/tags/new:tag/resources", 400)
    go("POST", "/v2/tags/new:tag/resources", 400, {"resources": []})
    go("DELETE", "/v2/tags/new:tag", 204)
    go("GET", "/v2/tags/new:tag", 404)
    go("GET", "/v2/regions", 200)
    go("GET", "/v2/regions?per_page=3&page=2", 200)
    go("GET", "/v2/tags", 401, token="invalid")
    go("POST", "/v2/tags", 403, {"name": "x"}, token="reader")


def droplets(simulator, go):
    actions, snapshot = "/v2/droplets/1/actions", {"type": "snapshot", "name": "s"}
    started = go("POST", actions, 201, snapshot)["action"]["id"]
    go("POST", actions, 422, snapshot)
    go("GET", f"{actions}/{started}", 200)
    go("GET", "/v2/droplets/1/snapshots", 200)
    go.later()
    equal(go("GET", "/v2/droplets/1/snapshots?per_page=1", 200)["snapshots"][0]["name"], "s")
    simulator.control("PUT", "faults", [{"do": "fail"}])
    go("POST", actions, 201, snapshot)
    simulator.control("DELETE", "faults")
    go.later()
    go("GET", actions, 200)
    go("POST", actions, 404, {"type": "fly"})
    go("GET", "/v2/droplets/99/actions", 404)
    go("GET", "/v2/droplets/99/snapshots", 404)
    go("GET", f"{actions}/99", 404)


def main(binary, specs):
    if not os.path.isdir(specs):
        print("1..0 # SKIP the OpenAPI documents are not beside this tree")
        return 0
    # The vendor's document has two replies unwrapped that no server sends so; the corrected one checks those.
    unwrapped = {("GET", "/v2/images/{image_id}/actions/{action_id}"), ("POST", "/v2/images/{image_id}/actions")}
    documents = {"hetzner": [Document(os.path.join(specs, "hetzner-images.openapi.json")),
                             Document(os.path.join(specs, "hetzner-more.openapi.json"))],
                 "digitalocean": [Document(os.path.join(specs, "digitalocean-images.corrected.openapi.yaml")),
                                  Document(os.path.join(specs, "digitalocean-images.openapi.yaml"), unwrapped),
                                  Document(os.path.join(specs, "digitalocean-more.openapi.yaml"))]}
    tokens = {"tokens": [{"token": "invalid", "access": "invalid"}, {"token": "reader", "access": "read_only"}]}

    def on_a_fresh_world(tour, simulator):
        def every_reply_holds():
            fresh(simulator)
            simulator.control("POST", "world", tokens)
            tour(simulator, documents[tour.__name__])
            for document in documents[tour.__name__]:
                declared = {(m.upper(), t) for t, part in document.spec["paths"].items() for m in part if m != "parameters"}
                equal(declared - {(method, template) for method, template, _ in document.seen}, set())
        every_reply_holds.__name__ = f"every_reply_of_{tour.__name__}_holds_and_every_operation_is_visited"
        return every_reply_holds

    with Simulator(binary) as simulator:
        return run([(on_a_fresh_world(tour, simulator),) for tour in (hetzner, digitalocean)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
