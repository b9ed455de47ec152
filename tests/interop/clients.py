#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The clouds' own clients run unmodified against imgact-sim; what one of them does, imgact sees, and the other way round.

clients.py IMGACT-SIM IMGACT [FOLDER], where Go keeps what it has compiled"""

import json, os, shutil, subprocess, sys, tempfile

from simulator import Simulator, Skipped, TOKEN, Tool, equal, fresh, run

HERE = os.path.dirname(os.path.abspath(__file__))
GOPATH = "/usr/share/gocode"
CACHE = sys.argv[3] if len(sys.argv) > 3 else None


def module(name):
    try:
        return __import__(name, fromlist=["x"])
    except ImportError as why:
        raise Skipped(str(why)) from None


def ids(images):
    return sorted(int(i["id"] if isinstance(i, dict) else i.id) for i in images)


# -- hcloud, the command

def hcloud(simulator, *words):
    if not shutil.which("hcloud"):
        raise Skipped("hcloud-cli is not installed")
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(["hcloud", *words], capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], "HOME": home, "HCLOUD_TOKEN": TOKEN,
                                   "HCLOUD_ENDPOINT": simulator.hetzner})
    if done.returncode:
        raise AssertionError(f"hcloud {words}: {done.stderr}")
    return done.stdout


def hcloud_command_reads_same_images(simulator, imgact):
    shown = json.loads(hcloud(simulator, "image", "list", "-o", "json"))
    equal(ids(shown), [1, 2, 3, 10, 11, 12])
    equal(ids(imgact("image", "list", "--include-deprecated")), ids(shown))
    equal(ids(json.loads(hcloud(simulator, "image", "list", "-o", "json", "-t", "snapshot", "-l", "env=prod"))), [10])
    one = json.loads(hcloud(simulator, "image", "describe", "10", "-o", "json"))
    equal(one["labels"], imgact("image", "get", 10)["labels"])
    equal(json.loads(hcloud(simulator, "image", "describe", "debian-12", "-o", "json"))["id"], 1)


def hcloud_command_changes_seen_by_imgact(simulator, imgact):
    hcloud(simulator, "image", "update", "10", "--description", "changed")
    hcloud(simulator, "image", "add-label", "10", "team=a")
    equal(imgact("image", "get", 10)["description"], "changed")
    equal(imgact("image", "get", 10)["labels"], {"env": "prod", "keep": "", "team": "a"})
    hcloud(simulator, "image", "update", "11", "--type", "snapshot")
    equal(imgact("image", "get", 11)["type"], "snapshot")
    hcloud(simulator, "image", "enable-protection", "10", "delete")
    equal(imgact("image", "get", 10)["protected"], True)
    equal(imgact("action", "list", "--image", 10)[0]["status"], "success")
    hcloud(simulator, "image", "disable-protection", "10", "delete")
    hcloud(simulator, "image", "delete", "10")
    imgact("image", "get", 10, exit=4)


def hcloud_command_creates_image(simulator, imgact):
    hcloud(simulator, "server", "create-image", "web-1", "--type", "snapshot", "--description", "by hcloud", "--label", "by=hcloud")
    made = [i for i in imgact("image", "list") if i["description"] == "by hcloud"][0]
    equal((made["status"], made["labels"], made["created_from"]), ("available", {"by": "hcloud"}, {"id": "1", "name": "web-1"}))
    equal(simulator.effects()["create_image"], 1)


def imgact_changes_seen_by_hcloud_command(simulator, imgact):
    imgact("image", "update", 10, "--label", "by=imgact")
    imgact("image", "unprotect", 12, "--wait")
    imgact("image", "convert", 11)
    imgact("image", "delete", 12, "--yes")
    shown = {i["id"]: i for i in json.loads(hcloud(simulator, "image", "list", "-o", "json", "-t", "snapshot"))}
    equal(sorted(shown), [10, 11])
    equal(shown[10]["labels"]["by"], "imgact")


# -- python3-hcloud

def hcloud_python_lists_changes_and_waits(simulator, imgact):
    client = module("hcloud").Client(token=TOKEN, api_endpoint=simulator.hetzner, poll_interval=0.05)
    equal(ids(client.images.get_all(include_deprecated=True)), [1, 2, 3, 10, 11, 12])
    equal(ids(client.images.get_all(type=["snapshot"], label_selector="env=prod")), [10])
    image = client.images.get_by_id(10)
    equal(image.created_from.name, "web")
    action = image.change_protection(delete=True)
    action.wait_until_finished()
    equal(imgact("image", "get", 10)["protected"], True)
    equal([a.command for a in image.get_actions()], ["change_protection"])
    equal(image.update(description="py", labels={"a": "b"}).labels, {"a": "b"})
    equal(imgact("image", "get", 10)["description"], "py")
    equal(client.images.get_by_id(11).update(type="snapshot").type, "snapshot")
    imgact("image", "unprotect", 10, "--wait")
    equal(client.images.get_by_id(10).delete(), True)
    imgact("image", "get", 10, exit=4)


def hcloud_python_creates_images(simulator, imgact):
    client = module("hcloud").Client(token=TOKEN, api_endpoint=simulator.hetzner, poll_interval=0.05)
    server = client.servers.get_by_name("web-2")
    made = server.create_image(description="by python", type="backup", labels={"by": "python"})
    equal((made.image.status, made.image.bound_to.id), ("creating", 2))
    made.action.wait_until_finished()
    equal([a.command for a in server.get_actions()], ["create_image"])
    shown = imgact("image", "get", made.image.id)
    equal((shown["type"], shown["status"], shown["description"]), ("backup", "available", "by python"))
    try:
        server.create_image(type="other")
    except module("hcloud").APIException as error:
        equal(error.code, "invalid_input")
    else:
        raise AssertionError("no error")


def hcloud_python_reads_errors(simulator, imgact):
    hcloud_module = module("hcloud")
    client = hcloud_module.Client(token=TOKEN, api_endpoint=simulator.hetzner)
    for call, code in ((lambda: client.images.get_by_id(99), "not_found"), (lambda: client.images.get_by_id(12).delete(), "protected"),
                       (lambda: client.images.get_by_id(10).update(labels={"-": ""}), "invalid_input")):
        try:
            call()
        except hcloud_module.APIException as error:
            equal(error.code, code)
        else:
            raise AssertionError(f"no {code}")


# -- python3-digitalocean

def digitalocean_python_lists_and_transfers(simulator, imgact):
    digitalocean = module("digitalocean")
    os.environ["DIGITALOCEAN_END_POINT"] = simulator.digitalocean + "/v2/"
    manager = digitalocean.Manager(token=TOKEN)
    equal(ids(manager.get_all_images()), [1, 10, 11, 12])
    equal(ids(manager.get_my_images()), [10, 11, 12])
    equal(ids(manager.get_global_images()), [1])
    image = manager.get_image(10)
    equal(image.regions, ["nyc1"])
    action = image.transfer("ams3")["action"]
    equal(imgact("action", "wait", action["id"], "--image", 10)["status"], "success")
    equal(imgact("image", "get", 10)["regions"], ["nyc1", "ams3"])
    image.rename("by-python")
    equal(imgact("image", "get", 10)["name"], "by-python")
    imgact("image", "transfer", 10, "--region", "fra1", "--wait")
    equal(manager.get_image(10).regions, ["nyc1", "ams3", "fra1"])
    image.destroy()
    imgact("image", "get", 10, exit=4)


def digitalocean_python_takes_snapshot_and_tags(simulator, imgact):
    digitalocean = module("digitalocean")
    os.environ["DIGITALOCEAN_END_POINT"] = simulator.digitalocean + "/v2/"
    manager = digitalocean.Manager(token=TOKEN)
    droplet = manager.get_droplet(1)
    equal(droplet.name, "web-1")
    droplet.take_snapshot("by-python", return_dict=False).wait(update_every_seconds=0.05)
    droplet.load()
    made = imgact("image", "get", droplet.snapshot_ids[0])
    equal((made["name"], made["status"], made["regions"]), ("by-python", "available", ["nyc3"]))
    tag = digitalocean.Tag(token=TOKEN, name="PROD")
    tag.create()
    equal(tag.name, "prod")
    tag.add_droplets(["1"])
    equal([d.id for d in manager.get_all_droplets(tag_name="prod")], [1])
    equal(sorted(r.slug for r in manager.get_all_regions() if r.available)[:2], ["ams3", "blr1"])


# -- python3-libcloud

def libcloud_lists_images_page_by_page(simulator, imgact):
    driver_module, common = module("libcloud.compute.drivers.digitalocean"), module("libcloud.common.digitalocean")
    host, port = simulator.digitalocean.removeprefix("http://").split(":")

    class Connection(common.DigitalOcean_v2_Connection):
        def __init__(self, key, *_, **__):
            super().__init__(key, secure=False, host=host, port=int(port))

    class Driver(driver_module.DigitalOcean_v2_NodeDriver):
        connectionCls = Connection

        # The library picks a class by API version here, and does not expect one of its classes to be derived from.
        def __new__(cls, *_, **__):
            return object.__new__(cls)

    driver = Driver(TOKEN, ex_per_page=2)
    equal(ids(driver.list_images()), [1, 10, 11, 12])
    imgact("image", "delete", 12, "--yes")
    equal(ids(driver.list_images()), [1, 10, 11])
    equal(driver.list_images()[0].name, "Debian 12")


# -- Go

def go_program(name, folder, package):
    if not shutil.which("go") or not os.path.isdir(f"{GOPATH}/src/{package}"):
        raise Skipped(f"go and {package} are not installed")
    program = os.path.join(folder, name)
    subprocess.run(["go", "build", "-o", program, os.path.join(HERE, name, "main.go")], check=True, timeout=300,
                   env={**os.environ, "GO111MODULE": "off", "GOPATH": GOPATH, "GOFLAGS": "", "GOCACHE": os.path.abspath(os.path.join(CACHE or folder, "go")),
                        "GOPROXY": "off"})
    return program


def go_run(name, package, url):
    with tempfile.TemporaryDirectory() as folder:
        program = go_program(name, folder, package)
        done = subprocess.run([program, url, TOKEN], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


def hcloud_go_lists_and_changes_images(simulator, imgact):
    printed = go_run("hcloud-go", "github.com/hetznercloud/hcloud-go", simulator.hetzner)
    equal(printed["ids"], [1, 2, 3, 10, 11, 12])
    equal(printed["missing"], True)
    equal(printed["protected_error"], "protected")
    equal(imgact("image", "get", 10)["protected"], True)
    equal(imgact("image", "get", 10)["labels"], {"by": "go"})
    equal(imgact("image", "get", 11)["type"], "snapshot")
    equal(imgact("image", "get", printed["created"])["description"], "by go")


def godo_lists_and_changes_images(simulator, imgact):
    printed = go_run("godo", "github.com/digitalocean/godo", simulator.digitalocean)
    equal(printed["ids"], [1, 10, 11, 12])
    equal(printed["user_ids"], [10, 11, 12])
    equal(printed["slug_id"], 1)
    equal(printed["deleted_again"], 422)
    equal(printed["custom_status"], "NEW")
    equal(imgact("image", "get", 10)["regions"], ["nyc1", "nyc3"])
    equal(imgact("image", "get", 10)["name"], "by-go")
    equal(imgact("image", "get", 11)["type"], "snapshot")
    imgact("image", "get", 12, exit=4)
    made = imgact("image", "get", printed["snapshot"])
    equal((made["name"], made["tags"]), ("by godo", ["go"]))


# -- two accounts

def imgact_hands_image_over(simulator, imgact):
    token, team = "a-token-of-another-account", "11111111-2222-4333-8444-555555555555"
    simulator.control("POST", "world", {"accounts": [{"name": "bob", "team": team}], "tokens": [{"token": token, "account": "bob"}]})
    bob = Tool(imgact.words[0], simulator, "digitalocean")
    bob.environment["DIGITALOCEAN_TOKEN"] = token
    equal(ids(bob("image", "list")), [1])
    bob("image", "get", 10, exit=4)
    offer = imgact("image", "handover", "create", 10, "--email", "bob@example.com")["transfer_id"]
    imgact("image", "handover", "cancel", 10, "--transfer", offer)
    bob("image", "handover", "decline", 10, "--transfer", offer, exit=4)
    offer = imgact("image", "handover", "create", 10, "--team", team)["transfer_id"]
    bob("image", "handover", "accept", 10, "--transfer", offer, "--team", team)
    equal(ids(bob("image", "list")), [1, 10])
    equal(ids(imgact("image", "list")), [1, 11, 12])
    equal(simulator.effects()["account_transfer"], 1)


def main(binary, tool, *_):
    with Simulator(binary) as simulator:
        hetzner, digitalocean = Tool(tool, simulator, "hetzner"), Tool(tool, simulator, "digitalocean")
        tests = [(hcloud_command_reads_same_images, hetzner), (hcloud_command_changes_seen_by_imgact, hetzner),
                 (hcloud_command_creates_image, hetzner), (imgact_changes_seen_by_hcloud_command, hetzner),
                 (hcloud_python_lists_changes_and_waits, hetzner), (hcloud_python_creates_images, hetzner),
                 (hcloud_python_reads_errors, hetzner), (digitalocean_python_lists_and_transfers, digitalocean),
                 (digitalocean_python_takes_snapshot_and_tags, digitalocean), (libcloud_lists_images_page_by_page, digitalocean), (hcloud_go_lists_and_changes_images, hetzner),
                 (godo_lists_and_changes_images, digitalocean), (imgact_hands_image_over, digitalocean)]

        def on_a_fresh_world(test, imgact):
            def go():
                fresh(simulator)
                test(simulator, imgact)
            go.__name__ = test.__name__
            return go
        return run([(on_a_fresh_world(test, imgact),) for test, imgact in tests])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
