"""Tells what a playbook is at, one JSON document a line, and ends with whoever began it."""

import json
import os
import shutil
import signal
import threading

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: plenum
type: stdout
short_description: what Plenum follows a playbook by
description: One JSON document a line on the standard output.
"""

LONGEST = 500


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "plenum"

    def __init__(self):
        super().__init__()
        self._at = 0
        self._of = 0
        threading.Thread(target=self._end_with_parent, daemon=True).start()

    def _end_with_parent(self):
        """Nothing is ever said on the standard input: it ends when who began this ends, however that came."""
        while os.read(0, 1):
            pass
        shutil.rmtree(os.environ["PLENUM_FOLDER"], ignore_errors=True)
        os.killpg(0, signal.SIGKILL)

    def _say(self, **told):
        os.write(1, (json.dumps(told) + "\n").encode())

    def v2_playbook_on_start(self, playbook):
        try:
            self._of = sum(_count_play(play) for play in playbook.get_plays())
        except Exception:  # what cannot be counted before it runs is told without a share
            self._of = 0

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._at += 1
        self._say(task=task.get_name()[:LONGEST], at=self._at, of=self._of)

    def v2_playbook_on_handler_task_start(self, task):
        self._say(task=task.get_name()[:LONGEST], at=self._at, of=self._of)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not ignore_errors:
            self._say(failed=result._task.get_name()[:LONGEST], why=_reason(result._result))

    def v2_runner_on_unreachable(self, result):
        self._say(unreachable=True, why=_reason(result._result))

    def v2_playbook_on_stats(self, stats):
        self._say(
            hosts=len(stats.processed),
            changed=sum(stats.changed.values()),
            lost=sum(1 for count in stats.dark.values() if count),
        )


def _count_play(play):
    """Tasks as they stand in it and its roles, with the gathering of facts; what is included while it runs is not known yet."""
    return _count(play.compile()) + (0 if play.gather_facts is False else 1)


def _count(blocks):
    count = 0
    for one in blocks:
        if hasattr(one, "block"):
            count += _count(one.block) + _count(one.always)
        elif one.action not in ("meta", "ansible.builtin.meta"):
            count += 1
    return count


def _reason(result):
    for name in ("msg", "stderr", "censored", "module_stderr", "stdout"):
        if result.get(name):
            return str(result[name]).strip()[:LONGEST]
    return "it does not say why"
