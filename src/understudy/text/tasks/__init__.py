"""Tasks: what a data set is for, and with it what its rows hold. One file a task."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction
from understudy.text.tasks.task import Task

TASKS = {
    "classification": "understudy.text.tasks.classification:Classification",
    "column": "understudy.text.tasks.column:TextColumn",
    "conversation": "understudy.text.tasks.conversation:Conversation",
    "document": "understudy.text.tasks.document:Document",
    "entities": "understudy.text.tasks.entities:Entities",
    "instruction": "understudy.text.tasks.instruction:Instruction",
    "preference": "understudy.text.tasks.preference:Preference",
    "qa": "understudy.text.tasks.qa:QuestionAnswer",
    "rewriting": "understudy.text.tasks.rewriting:Rewriting",
    "translation": "understudy.text.tasks.translation:Translation",
}


@cache
def task(name: str) -> Task:
    """The task of a name. Raises `Contradiction` with the nearest where there is none."""
    if name not in TASKS:
        raise Contradiction(f'There is no task "{name}".', did_you_mean(name, TASKS, shown=20), at=("task",))
    module, _, attribute = TASKS[name].partition(":")
    found: Task = getattr(import_module(module), attribute)()
    return found
