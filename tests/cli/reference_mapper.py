# SPDX-License-Identifier: MIT
"""What `imgact -o json` shows of an object of a provider, written from docs/provider-mapping.md and docs/output-formats.md.

The plainest code that follows the pages: it is compared with the tool (mapping.py). Objects are parsed by parse() below.
"""

import datetime
import decimal
import json
import re


class Number(str):
    """A JSON number as it was received."""


def parse(text):
    """Python's reader: the last member of a key counts. A surrogate without its other half becomes U+FFFD."""
    return replace_surrogates(json.loads(text, parse_int=Number, parse_float=Number))


def parse_members(text):
    """The same, but an object is a list of its members, so that duplicate keys and the order of keys can be compared."""
    return replace_surrogates(json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=Members))


class Members(list):
    pass


def replace_surrogates(value):
    if isinstance(value, Number):
        return value
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, dict):
        return {replace_surrogates(key): replace_surrogates(member) for key, member in value.items()}
    if isinstance(value, Members):
        return Members((replace_surrogates(key), replace_surrogates(member)) for key, member in value)
    if isinstance(value, list):
        return [replace_surrogates(element) for element in value]
    return value


# ---- values: what has another type than expected is not reported

def member(value, key):
    return value.get(key) if isinstance(value, dict) else None


def text(value):
    return value if isinstance(value, str) and not isinstance(value, Number) else None


def nonempty(value):
    return text(value) or None


def boolean(value):
    return value if isinstance(value, bool) else None


def whole(value):
    """The integer that a JSON number is. With a point or an exponent it is read as a double, which is exact below 2^53."""
    if not isinstance(value, Number):
        return None
    if re.fullmatch("-?[0-9]+", value):
        return int(value)
    number = float(value)
    return int(number) if abs(number) < 2**53 and number.is_integer() else None


def number(value):
    """A finite number with the value that was received: a decimal fraction digit by digit, anything else as a double."""
    if not isinstance(value, Number) or abs(float(value)) == float("inf"):
        return None
    return decimal.Decimal(value) if len(value) <= 64 and "e" not in value.lower() else float(value)


def reference(value):
    """The id of anything: a number, or a string of up to 64 letters, digits, "_" and "-"."""
    if isinstance(value, Number):
        integer = whole(value)
        return str(integer) if integer is not None and integer >= 0 and len(str(integer)) <= 64 else None
    return value if isinstance(value, str) and re.fullmatch("[0-9A-Za-z_-]{1,64}", value) else None


def identifier(value):
    """The id of an image or action: digits without leading zeros. An object without one makes the whole response unusable."""
    name = reference(value)
    return name if name and re.fullmatch("0|[1-9][0-9]{0,63}", name) else None


EPOCH = datetime.datetime(1970, 1, 1)
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


def time(value):
    """RFC 3339, with or without seconds; a number is Unix seconds. A leap second is the second before it."""
    try:
        if isinstance(value, Number):
            seconds = whole(value)
            when = None if seconds is None else EPOCH + datetime.timedelta(seconds=seconds)
        else:
            match = DATE.fullmatch(value) if isinstance(value, str) else None
            if not match:
                return None
            year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
            when = datetime.datetime(year, month, day, hour, minute, min(second, 59) if second == 60 else second)
            if match[7]:
                if int(match[8]) > 23 or int(match[9]) > 59:
                    return None
                offset = datetime.timedelta(hours=int(match[8]), minutes=int(match[9]))
                when = when + offset if match[7] == "-" else when - offset
    except (ValueError, OverflowError):
        return None
    return when.isoformat(timespec="seconds") + "Z" if when else None


def texts(value):
    """An array's strings. An array without any string, unless it is empty, is not reported."""
    if not isinstance(value, list):
        return None
    kept = [element for element in value if text(element) is not None]
    return kept if kept or not value else None


def labels(value):
    if not isinstance(value, dict):
        return None
    kept = {key: member for key, member in value.items() if text(member) is not None}
    return kept if kept or not value else None


def word(value, words):
    return words.get(nonempty(value), "unknown")


# ---- Hetzner Cloud

def hetzner_image(item):
    kind = word(member(item, "type"), {name: name for name in ("system", "app", "snapshot", "backup")})
    source = member(item, "created_from")
    created_from = {"id": reference(member(source, "id")), "name": text(member(source, "name"))}
    deprecation = member(item, "deprecation")
    return {
        "provider": "hetzner",
        "id": identifier(member(item, "id")),
        "name": text(member(item, "name")),
        "slug": None,
        "description": text(member(item, "description")),
        "type": kind,
        "provider_type": nonempty(member(item, "type")),
        "status": word(member(item, "status"), {name: name for name in ("creating", "available", "unavailable")}),
        "provider_status": nonempty(member(item, "status")),
        "architecture": text(member(item, "architecture")),
        "os_family": text(member(item, "os_flavor")),
        "os_version": text(member(item, "os_version")),
        "public": kind in ("system", "app") if nonempty(member(item, "type")) else None,
        "size_gb": number(member(item, "image_size")),
        "min_disk_gb": number(member(item, "disk_size")),
        "regions": None,
        "labels": labels(member(item, "labels")),
        "tags": None,
        "protected": boolean(member(member(item, "protection"), "delete")),
        "created_at": time(member(item, "created")),
        "deprecated_at": time(member(deprecation, "announced")) or time(member(item, "deprecated")),
        "deleted_at": time(member(item, "deleted")),
        "created_from": created_from if any(value is not None for value in created_from.values()) else None,
        "bound_to": reference(member(item, "bound_to")),
        "error_message": None,
        "profile": None,
        "unavailable_after": time(member(deprecation, "unavailable_after")),
        "rapid_deploy": boolean(member(item, "rapid_deploy")),
    }


def percent(value):
    value = float(value) if isinstance(value, Number) else -1
    return int(value) if 0 <= value < 2**31 and value <= 2**31 - 1 else None


def hetzner_action(item):
    status = word(member(item, "status"), {name: name for name in ("running", "success", "error")})
    resources = member(item, "resources")
    resources = [resource for resource in resources if reference(member(resource, "id"))] if isinstance(resources, list) else []
    reason = member(item, "error")
    return {
        "provider": "hetzner",
        "id": identifier(member(item, "id")),
        "command": nonempty(member(item, "command")),
        "kind": {"change_protection": "change_protection", "create_image": "create"}.get(text(member(item, "command")), "other"),
        "status": status,
        "provider_status": nonempty(member(item, "status")),
        "progress": percent(member(item, "progress")),
        "started_at": time(member(item, "started")),
        "finished_at": time(member(item, "finished")),
        "region": None,
        "resources": [{"id": reference(resource["id"]), "type": nonempty(member(resource, "type"))} for resource in resources],
        "error": {"code": nonempty(member(reason, "code")), "message": nonempty(member(reason, "message"))}
                 if status == "error" else None,
        "profile": None,
    }


# ---- DigitalOcean

def lower(value):
    """Letters of ASCII in any case."""
    return re.sub("[A-Z]", lambda letter: letter[0].lower(), text(value) or "")


def digitalocean_image(item):
    public = boolean(member(item, "public"))
    kind = word(member(item, "type"), {"base": "system", "snapshot": "snapshot", "backup": "backup", "custom": "custom"})
    return {
        "provider": "digitalocean",
        "id": identifier(member(item, "id")),
        "name": text(member(item, "name")),
        "slug": nonempty(member(item, "slug")),
        "description": text(member(item, "description")),
        "type": "system" if public else kind,
        "provider_type": nonempty(member(item, "type")),
        "status": {"new": "creating", "pending": "creating", "available": "available", "deleted": "deleted",
                   "retired": "retired"}.get(lower(member(item, "status")), "unknown"),
        "provider_status": nonempty(member(item, "status")),
        "architecture": None,
        "os_family": text(member(item, "distribution")),
        "os_version": None,
        "public": public,
        "size_gb": number(member(item, "size_gigabytes")),
        "min_disk_gb": number(member(item, "min_disk_size")),
        "regions": texts(member(item, "regions")),
        "labels": None,
        "tags": texts(member(item, "tags")),
        "protected": None,
        "created_at": time(member(item, "created_at")),
        "deprecated_at": None,
        "deleted_at": None,
        "created_from": None,
        "bound_to": None,
        "error_message": nonempty(member(item, "error_message")),
        "profile": None,
        "unavailable_after": None,
        "rapid_deploy": None,
    }


def digitalocean_action(item):
    command = nonempty(member(item, "type"))
    kinds = {"transfer": "transfer", "convert": "convert", "create": "create", "snapshot": "create"}
    status = word(member(item, "status"), {"in-progress": "running", "completed": "success", "errored": "error"})
    resource = reference(member(item, "resource_id"))
    region = member(item, "region")
    return {
        "provider": "digitalocean",
        "id": identifier(member(item, "id")),
        "command": command,
        "kind": "convert" if (command or "").startswith("convert_") else kinds.get(command, "other"),
        "status": status,
        "provider_status": nonempty(member(item, "status")),
        "progress": None,
        "started_at": time(member(item, "started_at")),
        "finished_at": time(member(item, "completed_at")),
        "region": nonempty(member(item, "region_slug")) or nonempty(member(region, "slug")) or nonempty(region),
        "resources": [{"id": resource, "type": nonempty(member(item, "resource_type"))}] if resource else [],
        "error": {"code": None, "message": None} if status == "error" else None,
        "profile": None,
    }


def digitalocean_listed_actions(items):
    """The account's actions: those of images."""
    return [item for item in items if text(member(item, "resource_type")) == "image"]
