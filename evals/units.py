"""What is indexed of a collection of passages."""

from enum import StrEnum


class Unit(StrEnum):
    """Whole passages, or each sentence of them, folded to its passage by its best."""

    WHOLE = "whole"
    SENTENCE = "sentence"
