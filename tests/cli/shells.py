#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The completions in the shells themselves: words are typed in a terminal, and Tab is pressed. shells.py TOOL"""

import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 20
TOOL = os.path.abspath(sys.argv[1])
FLAG = re.compile("^--[a-z-]+=")

# The typed words and all completions offered; a single completion is inserted into the line.
CASES = [
    ("image ", "list find get wait update create delete convert transfer protect unprotect handover"),
    ("image handover ", "create accept decline cancel"),
    ("action ", "list get wait"),
    ("image de", "delete"),
    ("--profile image -o json image li", "list"),
    ("completion ", "bash zsh fish"),
    ("image list --visibility ", "all public private"),
    ("image update 1 --ty", "--type"),
    ("image update 1 --type ", "snapshot"),
    ("image get 1 --via", ""),
    ("action get 1 --via", "--via-image"),
    ("image list --sta", "--status"),
    ("image list --output=cs", "csv"),
    ("image list --name ", ""),
    ("--color n", "never"),
    ("--replay onl", "only-file.har"),
    ("-p ", "prod-hetzner staging.do at@home"),
    ("image list --profile st", "staging.do"),
    ("image list --profile=pr", "prod-hetzner"),
    ("--config other.ini image get 1 -p ", "elsewhere"),
    ("--config none.ini -p ", ""),
    ("--endpoint http://127.0.0.1:6001/v1 image li", "list"),
    ("--endpoint=http://127.0.0.1:6001/v1 image li", "list"),
    ("--label-selector env=prod image li", "list"),
    ("image list --name '' --output=cs", "csv"),
    ("--config 'cfg file.ini' -p st", "staging-spaced"),
    ('--config "cfg file.ini" -p st', "staging-spaced"),
    ("--config cfg\\ file.ini -p st", "staging-spaced"),
    ("--config='cfg file.ini' --profile=st", "staging-spaced"),
    ("-p at@", "at@home"),
    ("help act", "action"),
    ("help image li", "list"),
    ("", "image action region provider ratelimit config completion version help"),
]

# File names that a shell must quote.
FILES = [
    ("--replay my\\ t", "my tape.har"),
    ("--replay 'my t", "my tape.har"),
    ('--replay "my t', "my tape.har"),
    ("--replay=my\\ t", "my tape.har"),
    ("--replay sp", "spaced * name.har"),
]

# A name that bash would expand is not offered (fish quotes it), and the command that prints a token does not run.
CONFIGURATION = {
    ".config/imgact/config.ini": "[prod-hetzner]\nprovider = hetzner\n[staging.do]\nprovider = digitalocean\n"
                                 "token_command = touch ran\n[at@home]\nprovider = hetzner\n[$(touch ran)]\nprovider = hetzner\n",
    "other.ini": "[elsewhere]\nprovider = hetzner\n",
    "cfg file.ini": "[staging-spaced]\nprovider = hetzner\n",
}

# Prints the completed line, then discards it.
BASH = r"""
set -u
PS1='ready> ' PS2=
bind 'set bell-style none' 2>/dev/null
bind 'set show-all-if-ambiguous on'
bind 'set completion-display-width 0'
bind 'set completion-query-items 0'
bind 'set page-completions off'
bind 'set enable-bracketed-paste off'
bind -x '"\C-g": printf "\n<<%s>>\n" "$READLINE_LINE"; READLINE_LINE='
source ./imgact.bash
"""
ZSH = r"""
PS1='ready> ' PS2= LISTMAX=9999
setopt NO_BEEP NO_LIST_AMBIGUOUS NO_AUTO_MENU NO_PROMPT_SP
unset zle_bracketed_paste
bindkey -e
show() { zle -I; print -r -- "<<$BUFFER>>"; BUFFER=; }
zle -N show
bindkey '^G' show
fpath=($PWD/zsh $fpath)
autoload -U compinit
compinit -u -D
"""


class Terminal:
    """A shell on a pseudo-terminal."""

    def __init__(self, folder, words, script):
        self.seen = ""
        environment = {"PATH": os.path.dirname(TOOL) + ":" + os.environ["PATH"], "TERM": "dumb", "HOME": folder,
                       "COLUMNS": "80", "LINES": "100", "LC_ALL": "C.UTF-8", "ZDOTDIR": folder}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(words[0], words, environment)
        with open(os.path.join(folder, "rc"), "w", encoding="utf-8") as rc:
            rc.write(script)
        self.type(". ./rc\r")
        self.until(r"ready> (\x1b\S*)?\Z")

    def type(self, text):
        os.write(self.fd, text.encode())

    def until(self, pattern):
        """The output up to the end of a match; the match."""
        end = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, self.seen)):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"no {pattern!r} in {self.seen!r}")
            self.seen += os.read(self.fd, 65536).decode(errors="replace")
        before, self.seen = self.seen[: found.start()], self.seen[found.end():]
        return before, found

    def complete(self, words):
        """The words that Tab offers, or the one that it completes."""
        self.type(f"imgact {words}\t\x07")
        before, line = self.until(r"<<([^>]*)>>\r?\n")
        self.until(r"ready> \Z")
        if line[1] != "imgact " + words:
            return [FLAG.sub("", shlex.split(line[1])[-1])]
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x07", "", before.replace("ready> ", " "))
        return shown.split("imgact " + words, 1)[1].replace("imgact " + words, " ").split()

    def close(self):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def ask_fish(folder, words):
    script = 'set -g fish_complete_path "$PWD"; complete -C "imgact $argv[1]"'
    result = subprocess.run(["fish", "--no-config", "-c", script, "--", words], cwd=folder, capture_output=True, text=True,
                            env={"HOME": folder, "PATH": os.path.dirname(TOOL) + ":" + os.environ["PATH"]},
                            timeout=PATIENCE_S, check=False)
    lines = [line for line in (result.stdout + result.stderr).splitlines() if "$" not in line]
    offered = [FLAG.sub("", line.split("\t")[0]) for line in lines]
    # fish 4 also offers words that contain the typed letters in order, after the others.
    typed = words.split(" ")[-1]
    return [word for word in offered if word.startswith(typed)] or offered


def scripts(folder):
    os.mkdir(os.path.join(folder, "zsh"))
    for shell, place in {"bash": "imgact.bash", "zsh": "zsh/_imgact", "fish": "imgact.fish"}.items():
        with open(os.path.join(folder, place), "w", encoding="utf-8") as out:
            subprocess.run([TOOL, "completion", shell], stdout=out, check=True)
    for name in ("only-file.har", "my other.har", *(name for _, name in FILES)):
        with open(os.path.join(folder, name), "w", encoding="utf-8"):
            pass
    for place, text in CONFIGURATION.items():
        path = os.path.join(folder, place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(os.path.join(folder, path), "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, 0o600)


def opened(shell, folder):
    if shell == "fish":
        return None, lambda words: ask_fish(folder, words)
    command = ["bash", "--norc", "--noprofile", "-i"] if shell == "bash" else ["zsh", "-f", "-i"]
    terminal = Terminal(folder, command, BASH if shell == "bash" else ZSH)
    return terminal, terminal.complete


def main():
    number = 0
    with tempfile.TemporaryDirectory() as folder:
        scripts(folder)
        for shell in ("bash", "zsh", "fish"):
            if not shutil.which(shell):
                number += 1
                print(f"ok {number} - {shell} # SKIP there is no {shell}")
                continue
            try:
                terminal, complete = opened(shell, folder)
            except OSError as e:  # a chroot may have no pseudo-terminals
                number += 1
                print(f"ok {number} - {shell} # SKIP {e}")
                continue
            for words, wanted in [(words, some.split()) for words, some in CASES] + [(words, [name]) for words, name in FILES]:
                number += 1
                offered = complete(words)
                good = sorted(offered) == sorted(wanted)
                print(f"{'ok' if good else 'not ok'} {number} - {shell} at 'imgact {words}'")
                if not good:
                    print(f"# offers {offered}")
            if terminal:
                terminal.close()
            number += 1
            print(f"{'not ok' if os.path.exists(os.path.join(folder, 'ran')) else 'ok'} {number} - {shell} runs nothing else")
    print(f"1..{number}")


main()
