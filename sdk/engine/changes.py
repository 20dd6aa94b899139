"""changes.py - changes of an interpreter's source as it is built (sdk/*/engine/edit.py). Each must be there as often as it says, so that another
version fails the build and is not half changed."""
import sys


def changed(text, edits, name):
    """edits: what is looked for, as it stands or a regular expression; what takes its place; how often"""
    for old, new, times in edits:
        if isinstance(old, str):
            found, text = text.count(old), text.replace(old, new)
        else:
            text, found = old.subn(new, text)
        if found != times:
            sys.exit(f"edit.py: {name} has {found} times, not {times}: {old}")
    return text
