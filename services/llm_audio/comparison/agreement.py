"""How far texts agree: by their characters, by their words, by what they state.

chrF is Popović's (WMT 2015, "chrF: character n-gram F-score for automatic MT evaluation"), with the settings that
sacreBLEU made the common ones: n to 6, beta 2, no white space, orders that one text is too short for left out. Token F1
is that of SQuAD (Rajpurkar et al. 2016).
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

from services.llm_audio.comparison.request import (
    COMPARED_KINDS,
    Agreement,
    ClaimAgreement,
    JudgeRequest,
    PromptAgreement,
)
from services.llm_audio.interview.claims import statements

CHRF_ORDER = 6
CHRF_BETA = 2.0
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def chrf(hypothesis: str, reference: str) -> float:
    """Gives chrF2 of a text against one that is held to be right, 0 to 100; 100 for two texts without characters.

    >>> chrf("slow  piano", "slow piano"), chrf("drums", "piano")
    (100.0, 0.0)
    """
    one, other = "".join(hypothesis.split()), "".join(reference.split())
    if one == other:
        return 100.0
    precisions, recalls = [], []
    for order in range(1, CHRF_ORDER + 1):
        found, wanted = _grams(one, order), _grams(other, order)
        if found and wanted:
            shared = (found & wanted).total()
            precisions.append(shared / found.total())
            recalls.append(shared / wanted.total())
    if not precisions or not any(precisions):
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    # F-beta: (1 + beta^2) P R / (beta^2 P + R); with beta 2 recall counts four times as much as precision.
    weight = CHRF_BETA**2
    return 100.0 * (1 + weight) * precision * recall / (weight * precision + recall)


def token_f1(one: str, other: str) -> float:
    """Gives F1 of the words of two texts, 0 to 1, whichever comes first; 1 for two texts without words.

    >>> token_f1("A slow, sad piano.", "the piano is slow")
    0.6666666666666666
    """
    found, wanted = Counter(_words(one)), Counter(_words(other))
    if not found or not wanted:
        return float(found == wanted)
    return 2.0 * (found & wanted).total() / (found.total() + wanted.total())


def claim_agreement(one: Iterable[str], other: Iterable[str]) -> tuple[ClaimAgreement, ...]:
    """Holds what the texts of two sides state against each other, for each of COMPARED_KINDS."""
    found, wanted = _stated(one), _stated(other)
    return tuple(
        ClaimAgreement(
            kind,
            tuple(sorted(found[kind] & wanted[kind])),
            tuple(sorted(found[kind] - wanted[kind])),
            tuple(sorted(wanted[kind] - found[kind])),
        )
        for kind in COMPARED_KINDS
    )


def judge(request: JudgeRequest, checkpoint: Callable[[], None]) -> Iterator[Agreement]:
    """Yields the agreement of each two sides, in their order."""
    for a, b in combinations(request.sides, 2):
        prompts = []
        for name, one, other in zip(request.prompts, a.texts, b.texts, strict=True):
            checkpoint()
            mean = (chrf(one, other) + chrf(other, one)) / 2
            stated = claim_agreement([one], [other])
            prompts.append(PromptAgreement(name, one == other, mean, token_f1(one, other), stated))
        yield Agreement(a.side, b.side, tuple(prompts), claim_agreement(a.texts, b.texts))


def _grams(text: str, order: int) -> Counter[str]:
    return Counter(text[start : start + order] for start in range(len(text) - order + 1))


def _words(text: str) -> list[str]:
    return _ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split()


def _stated(texts: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {kind: set() for kind in COMPARED_KINDS}
    for text in texts:
        for each in statements(text):
            if each.kind in found:
                found[each.kind].add(each.spelling)
    return found
