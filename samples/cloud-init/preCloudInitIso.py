#!/usr/bin/python3
"""preCloudInitIso --vmi JSON --cloud-init JSON

Adds a user to the VM's cloud-config. The VM's annotations give the name and, optionally, an SSH
key. The cloud-config is YAML, and the shim's image has no YAML library, so the hook edits the text
if its form is plain, and refuses it otherwise. Exit status: 0, or 1 for bad input, 2 for wrong
usage."""

import json
import re
import sys

NAME_ANNOTATION = "cloud-init.hookline.dev/user"
KEY_ANNOTATION = "cloud-init.hookline.dev/sshKey"
HEADER = "#cloud-config"

# The top-level key users, alone or with a value after it.
USERS = re.compile(r"""(?P<key>users|"users"|'users')[ \t]*:(?P<value>[ \t].*)?$""")
BRACKETS = re.compile(r"[ \t]*\[(?P<items>[^#]*)\][ \t]*$")
ITEM = re.compile(r"(?P<indent> *)-(?:[ \t]|$)")
FORMS = "write users as a list with one item per line, or in brackets on one line"


class BadInput(Exception):
    """The hook's input is wrong; the text says how."""


def user_of(annotations):
    """The user in cloud-init's form, or None if the VM asks for none."""
    name = annotations.get(NAME_ANNOTATION)
    key = annotations.get(KEY_ANNOTATION)
    if name is None:
        return None
    if not isinstance(name, str) or not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", name):
        raise BadInput(f"the annotation {NAME_ANNOTATION} is not a user name: {name!r}")
    user = {"name": name, "shell": "/bin/bash", "lock_passwd": True}
    if key is not None:
        if not isinstance(key, str) or not re.fullmatch(r"[ -~]+", key):
            raise BadInput(f"the annotation {KEY_ANNOTATION} is not an SSH public key on one line")
        user["ssh_authorized_keys"] = [key]
    return user


def is_blank(line):
    """Whether a line of YAML is blank or a comment."""
    return line.strip() == "" or line.lstrip().startswith("#")


def mapping_of(name):
    """A pattern that finds `name: NAME` in a mapping, quoted or not."""
    key = r"""(?:^|[\s{,])["']?name["']?[ \t]*:[ \t]*"""
    return re.compile(rf"""{key}["']?{name}["']?[ \t]*(?:[,}}#]|$)""")


def add_to_brackets(key, value, name, entry):
    """The line `users: […]` with the user added, once."""
    match = BRACKETS.match(value)
    balanced = match and all(
        match["items"].count(opening) == match["items"].count(closing)
        for opening, closing in ("[]", "{}")
    )
    if not balanced:
        raise BadInput(f"cannot tell where the list of users ends: {FORMS}")
    items = match["items"].strip().rstrip(",")
    by_themselves = re.sub(r"{[^{}]*}", "", re.sub(r"\[[^][]*\]", "", items))
    if mapping_of(name).search(items) or name in re.split(r"""[\s,"']+""", by_themselves):
        return f"{key}:{value}"
    return f"{key}: [{items}{', ' if items else ''}{entry}]"


def end_of_items(lines, start):
    """Where the block list that begins at start ends, and its indentation."""
    first = next((line for line in lines[start:] if not is_blank(line)), "")
    match = ITEM.match(first)
    if match is None:
        raise BadInput(f"users is not a list: {FORMS}")
    end = start
    for index in range(start, len(lines)):
        line = lines[index]
        if line.startswith("#"):
            continue
        # Empty and indented lines may belong to a text block, even if they look like comments.
        if line.strip() != "" and not line.startswith((" ", "\t")) and not ITEM.match(line):
            break
        end = index + 1
    return end, match["indent"]


def add_to_lines(lines, start, name, entry):
    """The lines with the user added, once, to the block list that begins at start."""
    end, indent = end_of_items(lines, start)
    by_itself = re.compile(rf"""{indent}-[ \t]+["']?{name}["']?[ \t]*(?:#|$)""")
    mapping = mapping_of(name)
    if any(by_itself.match(line) or mapping.search(line) for line in lines[start:end]):
        return lines
    return lines[:end] + [f"{indent}- {entry}"] + lines[end:]


def edit_users(lines, user):
    """The lines of a cloud-config with the user added, once."""
    entry = json.dumps(user)  # JSON is YAML, whatever is in its strings
    for index, line in enumerate(lines):
        match = USERS.match(line)
        if match is None:
            continue
        value = match["value"] or ""
        if is_blank(value):
            return add_to_lines(lines, index + 1, user["name"], entry)
        edited = add_to_brackets(match["key"], value, user["name"], entry)
        return lines[:index] + [edited] + lines[index + 1 :]
    # A list of users replaces the distribution's own user; the entry "default" keeps it.
    return lines + ["users:", "- default", f"- {entry}"]


def add_user(user_data, user):
    """The user data with the user added."""
    lines = user_data.removesuffix("\n").split("\n") if user_data else [HEADER]
    lines = [line.rstrip("\r") for line in lines]
    if lines[0].rstrip() != HEADER:
        raise BadInput(f"the user data is not a cloud-config: it does not begin with {HEADER}")
    content = [line for line in lines[1:] if not is_blank(line)]
    if content and content[0].rstrip() == "---":
        content = content[1:]
    if any(re.match(r"[{\[%&!*?]|---|\.\.\.", line) for line in content):
        raise BadInput("the cloud-config is not a plain mapping: write it as lines of `key: value`")
    edited = edit_users(lines, user)
    return user_data if edited == lines else "\n".join(edited) + "\n"


def change(vmi_text, cloud_init_text):
    """Returns the cloud-init data as text, with the user added if the VM asks for one."""
    try:
        annotations = json.loads(vmi_text)["metadata"].get("annotations") or {}
        user = user_of(annotations)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"the VMI is not a JSON object with metadata: {error!r}") from error
    try:
        data = json.loads(cloud_init_text)
        user_data = data.get("UserData") or ""
    except (ValueError, AttributeError) as error:
        raise BadInput(f"the cloud-init data is not a JSON object: {error!r}") from error
    if not isinstance(user_data, str):
        raise BadInput("the cloud-init data's UserData is not a string")
    if user is None:
        return cloud_init_text
    edited = add_user(user_data, user)
    return cloud_init_text if edited == user_data else json.dumps({**data, "UserData": edited})


def main(argv):
    """Runs the hook; returns its exit status."""
    if len(argv) != 5 or argv[1] != "--vmi" or argv[3] != "--cloud-init":
        print("usage: preCloudInitIso --vmi JSON --cloud-init JSON", file=sys.stderr)
        return 2
    try:
        sys.stdout.write(change(argv[2], argv[4]))
    except BadInput as error:
        print(f"cloud-init hook: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
