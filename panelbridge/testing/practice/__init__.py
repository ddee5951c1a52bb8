"""Practice panels: a simulated panel in a process of its own, with its own books on disk, over real HTTP.

A backend's ``practice`` module holds a ``PracticePanel`` and names it ``PRACTICE``. ``python -m
panelbridge.testing.practice BACKEND --books FILE`` runs it; ``PracticeProcess`` does so from a program.
"""

from __future__ import annotations

from panelbridge.testing.practice.books import Books
from panelbridge.testing.practice.control import PracticeControl
from panelbridge.testing.practice.faults import Fault, NotApplicable, ScriptedReply
from panelbridge.testing.practice.launch import PracticeProcess, practice_class
from panelbridge.testing.practice.options import KnownOptions, OptionInvalid
from panelbridge.testing.practice.panel import PracticePanel, UnknownAct
from panelbridge.testing.practice.server import PracticeServer
from panelbridge.testing.practice.setup import Setup
from panelbridge.testing.practice.wire import PracticeReply, PracticeRequest

__all__ = [
    "Books",
    "Fault",
    "KnownOptions",
    "NotApplicable",
    "OptionInvalid",
    "PracticeControl",
    "PracticePanel",
    "PracticeProcess",
    "PracticeReply",
    "PracticeRequest",
    "PracticeServer",
    "ScriptedReply",
    "Setup",
    "UnknownAct",
    "practice_class",
]
