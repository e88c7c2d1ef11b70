"""Names the key by the pitch classes of a clip, its chords and how they follow one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from services.essentia.engines.features import modes
from services.essentia.engines.features.chords import NO_CHORD, Chord
from services.essentia.engines.features.key_chords import cadences, correlate_chords, place_of
from services.essentia.engines.features.key_profiles import Judges, correlate
from services.essentia.engines.features.pitch_classes import TONICS

if TYPE_CHECKING:
    from services.essentia.networks.keys import KeyOpinion

SCALES = ("major", "minor")
# Both stand in the middle of the range in which no set of bench/accuracy changes but those that are held out (0.25 to
# 0.5, 0.1 to 0.3). What a dominant (the major triad a fifth above) resolves to is the tonic: worth this much where each
# succession of two chords is such a cadence.
CADENCE = 0.4
# Music tends to begin on its tonic, which is what tells a major key from its relative minor where both have the same
# chords. Worth this much, and only between the two: what begins on another chord is not taken for its key.
OPENING = 0.2
CHORDAL = 0.5
# What a network's full certainty of a key, or of its notes, is worth. It knows no modes, and of loops it names the
# tonic less often than chords do: the greatest weight at which no rendered set of bench/accuracy is less right.
NETWORK = 0.1
# Bits of 4.585: a network that is less decided than this says nothing. Music with chords has 0.2 to 2.2, what has no
# key 3.9 or more.
UNDECIDED_BITS = 2.9
# Candidates that are told beside the key, its relative and its parallel key.
CANDIDATES = 4


@dataclass(frozen=True)
class Estimate:
    """What one profile or network says.

    Attributes:
        profile: Its name.
        tonic: One of TONICS.
        scale: "major" or "minor".
        strength: Correlation of a profile with that key, -1 to 1; None for a network.
        probability: That a network gives the key, 0 to 1; None for a profile, as the two below.
        entropy_bits: How undecided the network is, 0 to 4.585.
        license_spdx: Of its weights.
    """

    profile: str
    tonic: str
    scale: str
    strength: float | None = None
    probability: float | None = None
    entropy_bits: float | None = None
    license_spdx: str | None = None


@dataclass(frozen=True)
class Heard:
    """What a network of keys says of the same stretch: its name, the licence of its weights, and its opinion."""

    network: str
    license_spdx: str
    opinion: KeyOpinion


@dataclass(frozen=True)
class Candidate:
    """A key that may be meant: how it is related to the one given, and how much less it fits, 0 or more."""

    tonic: str
    scale: str
    relation: str
    margin: float


@dataclass(frozen=True)
class Key:
    """What profiles and chords come to.

    Attributes:
        tonic: One of TONICS.
        scale: "major" or "minor".
        strength: Mean correlation of the deciding profiles with it.
        agreement: Share of the profiles, and of the network where it is heard, that name it, 0 to 1.
        second: (tonic, scale) of the runner-up.
        margin: How much more it fits than the runner-up, by all that counts, 0 or more.
        estimates: What each says.
        candidates: The likeliest keys, this one first, its relative and its parallel key among them.
        mode: Diatonic mode; None where the notes leave it open.
        source: "network" where one was heard, else "profiles".
    """

    tonic: str
    scale: str
    strength: float
    agreement: float
    second: tuple[str, str]
    margin: float
    estimates: tuple[Estimate, ...]
    candidates: tuple[Candidate, ...]
    mode: modes.Mode | None
    source: str


def vote(
    classes: NDArray[np.float64],
    judges: Judges,
    chords: Sequence[Chord] = (),
    heard: Heard | None = None,
) -> Key:
    """Gives the key that fits pitch classes and chords best; its relative where the first chord says so.

    Pitch classes (mean correlation with the profiles that decide) and chords count the same; CADENCE and OPENING
    come on top. Without chords, or where they sound for less than CHORDAL of the time, pitch classes decide alone: one
    voice is judged by its notes, and a network of keys, which was not made for it, is not heard.

    Args:
        classes: Mean pitch classes (12,) from C up.
        judges: The profiles.
        chords: As chords.follow gives them.
        heard: What a network says.
    """
    fits = {profile: correlate(classes, profile, judges.gate) for profile in judges.asked}
    mean = weighed = judges.fit(classes)
    sounding = [chord for chord in chords if chord.name != NO_CHORD]
    if not chordal(chords):
        heard = None
    else:
        weighed = (mean + correlate_chords(sounding)) / 2 + CADENCE * cadences(sounding)
        if heard is not None and heard.opinion.entropy_bits < UNDECIDED_BITS:
            weighed = weighed + NETWORK * _support(heard.opinion, classes)
        # Only between the best key and its relative, which have the same chords: see OPENING.
        first = place_of(sounding[0].name)
        if first in (leader := int(weighed.argmax()), modes.relative(leader)):
            weighed[first] += OPENING
    best, second = (int(place) for place in np.argsort(-weighed, kind="stable")[:2])
    estimates = tuple(Estimate(profile, *_name(int(fit.argmax())), float(fit.max())) for profile, fit in fits.items())
    if heard is not None:
        estimates = (*estimates, _said(heard))
    tonic, scale = _name(best)
    return Key(
        tonic=tonic,
        scale=scale,
        strength=float(mean[best]),
        agreement=sum((each.tonic, each.scale) == (tonic, scale) for each in estimates) / len(estimates),
        second=_name(second),
        margin=float(weighed[best] - weighed[second]),
        estimates=estimates,
        candidates=_candidates(weighed),
        mode=modes.mode(classes, best % 12, scale),
        source="profiles" if heard is None else "network",
    )


def chordal(chords: Sequence[Chord]) -> bool:
    """Tells whether chords sound for CHORDAL of the time or more; False without any."""
    every = sum(chord.end_seconds - chord.start_seconds for chord in chords)
    sounding = sum(chord.end_seconds - chord.start_seconds for chord in chords if chord.name != NO_CHORD)
    return sounding > 0 and sounding >= CHORDAL * every


def _support(opinion: KeyOpinion, classes: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a network gives each key, (24,): its own probability, or that of its notes under another tonic.

    Of D dorian it says C major: it knows the notes, and no mode.
    """
    chances = opinion.probabilities.copy()
    for place in range(24):
        found = modes.mode(classes, place % 12, SCALES[place // 12])
        if found is not None:
            same = modes.collection(place, found.name)
            chances[place] = max(chances[place], *opinion.probabilities[[same, modes.relative(same)]])
    return chances


def _said(heard: Heard) -> Estimate:
    best, chances = heard.opinion.best, heard.opinion.probabilities
    tonic, scale = _name(best)
    return Estimate(
        heard.network, tonic, scale, None, float(chances[best]), heard.opinion.entropy_bits, heard.license_spdx
    )


def _candidates(weighed: NDArray[np.float64]) -> tuple[Candidate, ...]:
    order = [int(place) for place in np.argsort(-weighed, kind="stable")]
    best = order[0]
    told = {*order[:CANDIDATES], modes.relative(best), (best + 12) % 24}
    return tuple(
        Candidate(*_name(place), modes.relation(best, place), float(weighed[best] - weighed[place]))
        for place in order
        if place in told
    )


def _name(place: int) -> tuple[str, str]:
    return TONICS[place % 12], SCALES[place // 12]
