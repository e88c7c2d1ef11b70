"""Grooves of many styles as strings: what is struck on which step of a bar.

A pattern has one sign for each step: "." for nothing, "x" for a stroke, "o" for a soft one. Of pitched parts "x" is the
chord's root, "c" the whole chord, and "r" a chord tone by chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Groove:
    """A style.

    Attributes:
        name: Of the style.
        meter: What a listener counts: 2, 3 or 4 beats a bar; 6 for two beats of three.
        steps: Steps of a beat.
        slowest: Least tempo that it is played at, beats a minute.
        fastest: Greatest.
        parts: Patterns of one bar or several by instrument; what has alternatives is chosen song by song.
        swing: Where the second half of a beat lies, as a share of the beat: a range; (0.5, 0.5) for straight.
        octaves: Tempos that are right too, as multiples of the tempo: how fast it is, listeners disagree on.
    """

    name: str
    meter: int
    steps: int
    slowest: float
    fastest: float
    parts: Mapping[str, tuple[str, ...]]
    swing: tuple[float, float] = (0.5, 0.5)
    octaves: tuple[float, ...] = ()

    @property
    def beats(self) -> int:
        """Beats a bar."""
        return 2 if self.meter == 6 else self.meter


CALIBRATION = (
    Groove("rock", 4, 4, 84, 158, {
        "kick": ("x.......x.......", "x.....x.x.......", "x..x....x.x.....", "x.......x.x..o.."),
        "snare": ("....x.......x...", "....x..o....x...", "....x.......x..o"),
        "hat": ("x.x.x.x.x.x.x.x.", "x.o.x.o.x.o.x.o.", "x...x...x...x..."),
        "bass": ("x.x.x.x.x.x.x.x.", "x.....x.x.......", "x.......x......."),
        "chord": ("c...............", "c.......c.......", "c..c..c.c..c..c."),
        "lead": ("r...r...r...r...", "r..r....r...r...", ""),
    }),
    Groove("ballad", 4, 4, 56, 84, {
        "kick": ("x.......x.......", "x.......x.x.....", ""),
        "snare": ("....x.......x...", "........x.......", ""),
        "hat": ("x.o.x.o.x.o.x.o.", "x...x...x...x...", ""),
        "bass": ("x.......x.......", "x.....x.x......."),
        "chord": ("c.r.r.r.c.r.r.r.", "r.r.r.r.r.r.r.r.", "c...c...c...c..."),
        "lead": ("r...r.r.r.......", "r.......r...r...", ""),
    }),
    Groove("house", 4, 4, 114, 136, {
        "kick": ("x...x...x...x...",),
        "snare": ("....o.......o...", "....x.......x...", ""),
        "hat": ("..x...x...x...x.", "..x.o.x...x.o.x.", "o.x.o.x.o.x.o.x.", ""),
        "bass": ("..x...x...x...x.", "x..x..x.x..x..x.", ""),
        "chord": ("c...............", "..c..c....c..c..", "c..c..c...c..c.."),
    }),
    Groove("hardcore", 4, 4, 158, 222, {
        "kick": ("x...x...x...x...",),
        "snare": ("....o.......o...", "", ""),
        "hat": ("..x...x...x...x.", "..o...o...o...o.", "x.x.x.x.x.x.x.x."),
        "bass": ("..x...x...x...x.", ""),
        "chord": ("c...............", "c..c..c.c..c..c.", ""),
    }),
    Groove("drum'n'bass", 4, 4, 160, 180, {
        "kick": ("x.........x.....", "x.x.......x.....", "x.........x....o"),
        "snare": ("....x.......x...", "....x..o.o..x...", "....x.......x..o"),
        "hat": ("x.x.x.x.x.x.x.x.", "x.o.x.o.x.o.x.o.", "xoxoxoxoxoxoxoxo"),
        "bass": ("x.....x...x.....", "x...............", "x.x.....x......."),
        "chord": ("c...............", "", "c.....c........."),
    }, octaves=(0.5,)),
    Groove("dubstep", 4, 4, 136, 146, {
        "kick": ("x.......o.......", "x..x......x.....", "x.............x."),
        "snare": ("........x.......",),
        "hat": ("x.x.x.x.x.x.x.x.", "x..x..x.x..x..x.", "..x...x...x...x."),
        "bass": ("x.....x...x.....", "x..x..x.x..x..x.", "x.............x."),
        "chord": ("c...............", ""),
    }, octaves=(0.5,)),
    Groove("boom bap", 4, 4, 78, 104, {
        "kick": ("x......x..x.....", "x.x.......x.....", "x......xx......."),
        "snare": ("....x.......x...",),
        "hat": ("x.x.x.x.x.x.x.x.", "x.x.x.xxx.x.x.x."),
        "bass": ("x......x..x.....", "x.........x....."),
        "chord": ("c...............", "c.....c.........", "..c...c...c...c."),
    }, swing=(0.5, 0.6)),
    Groove("waltz", 3, 2, 84, 188, {
        "kick": ("x.....", ""),
        "snare": ("..o.o.", "..x.x.", ""),
        "hat": ("x.x.x.", "xoxoxo", ""),
        "bass": ("x.....", "x....."),
        "chord": ("..c.c.", "..c.c.", "c.r.r."),
        "lead": ("r.r.r.", "r...r.", "r....."),
    }),
    Groove("six eight", 6, 3, 44, 72, {
        "kick": ("x.....", "x....o", ""),
        "snare": ("...x..", "...x.o", ""),
        "hat": ("xoxxox", "xooxoo", "x.xx.x", ""),
        "bass": ("x..x..", "x.....", "x.xx.x"),
        "chord": ("rrrrrr", "crrcrr", "c..c.."),
        "lead": ("r.rr.r", "r..r..", ""),
    }),
    Groove("jig", 6, 3, 96, 132, {
        "kick": ("x..x..", "x....."),
        "snare": ("...o..", "..o..o", ""),
        "hat": ("xooxoo", "x.ox.o", ""),
        "bass": ("x..x..", "x....."),
        "chord": ("c..c..", "..c..c"),
        "lead": ("rrrrrr", "r.rrrr", "rrrr.r"),
    }),
    Groove("swing", 4, 2, 108, 208, {
        "kick": ("o.o.o.o.", "x...x...", ""),
        "snare": ("..o...o.", "", "...o...."),
        "hat": ("x.xxx.xx", "x.xxx.xx", "..x...x."),
        "bass": ("x.r.r.r.", "x.r.x.r."),
        "chord": ("c..c....", "...c..c.", ""),
        "lead": ("r.rr..r.", "rrrr.rr.", ""),
    }, swing=(0.6, 0.68)),
    Groove("march", 2, 4, 98, 132, {
        "kick": ("x...x...", "x......."),
        "snare": ("..x...x.", "..x.x.xx", "....x.oo"),
        "hat": ("x...x...", ""),
        "bass": ("x...x...",),
        "chord": ("..c...c.", "..c...c."),
        "lead": ("r.r.r...", "r...r.r."),
    }),
    Groove("four strokes", 4, 1, 60, 200, {"kick": ("xxxx",)}, octaves=(0.5,)),
    Groove("arpeggio", 4, 4, 62, 124, {
        "lead": ("r.r.r.r.r.r.r.r.", "rrrrrrrrrrrrrrrr", "r..r..r.r..r..r."),
        "bass": ("x.......x.......", "x...............", "x...x...x...x..."),
        "chord": ("", "c...............", "r.r.r.r.r.r.r.r."),
    }),
    Groove("sixteenths", 4, 4, 72, 118, {
        "kick": ("x.....x...x.....", "x..x......x..x..", "x.x.....x.x....."),
        "snare": ("....x.......x...", "....x..o....x..o"),
        "hat": ("xxxxxxxxxxxxxxxx", "xoxoxoxoxoxoxoxo", "x.xxx.xxx.xxx.xx"),
        "bass": ("x..x..x.x..x..x.", "x.x.x.xxx.x.x...", "xxxxxxxxxxxxxxxx"),
        "chord": ("c...............", "c..c..c...c.c...", ".c...c...c...c.."),
    }),
    Groove("strumming", 4, 4, 68, 136, {
        "chord": ("c.c.c.c.c.c.c.c.", "c...c.c.c...c.c.", "c...c.cc.cc.c.cc"),
        "bass": ("x.......x.......", "", "x...x...x...x..."),
        "lead": ("r...r...r.r.r...", "", "r.......r......."),
        "kick": ("", "x.......x......."),
    }),
    Groove("latin", 4, 4, 84, 128, {
        "kick": ("x...x...x...x...", "x.....x.x.....x.", ""),
        "snare": ("..ox..ox..ox..ox", "x..x..x...x.x...", "o..o..o.o..o..o."),
        "hat": ("x.xxx.xxx.xxx.xx", "x.x.x.x.x.x.x.x.", "oxxxoxxxoxxxoxxx"),
        "bass": ("x..x....x..x....", "x.....x.x.....x.", "..x...x...x...x."),
        "chord": ("c..c..c...c.c...", "..c...c...c...c.", "c.....c.....c..."),
    }),
    Groove("fast rock", 4, 2, 144, 204, {
        "kick": ("x...x...", "x..xx...", "x.x.x.x."),
        "snare": ("..x...x.", "..x...x.", "..x.x.x."),
        "hat": ("xxxxxxxx", "x.x.x.x.", ""),
        "bass": ("xxxxxxxx", "x.x.x.x.", "x...x..."),
        "chord": ("c.c.c.c.", "c.......", "c..c..c."),
    }),
    Groove("slow waltz", 3, 4, 72, 116, {
        "bass": ("x...........", "x...........", "x.......x..."),
        "chord": ("....c...c...", "c...........", "r.r.r.r.r.r."),
        "lead": ("r...r...r...", "r.r.r.r.r.r.", "r...r.r.r...", "r.......r..."),
        "hat": ("", "", "x...x...x..."),
    }),
    Groove("lullaby", 6, 3, 40, 70, {
        "bass": ("x.....", "x..x.."),
        "chord": ("rrrrrr", "c.....", "r.rr.r"),
        "lead": ("r.rr.r", "r....r", "r..r.r", "rrrr.r"),
    }),
    Groove("rock in six", 6, 3, 52, 84, {
        "kick": ("x.....", "x...x.", "x.x..."),
        "snare": ("...x..",),
        "hat": ("xxxxxx", "x.xx.x", "x..x.."),
        "bass": ("x.....", "xxxxxx", "x..x.x"),
        "chord": ("c.....", "c..c..", "rrrrrr"),
    }),
    Groove("tripping", 6, 3, 104, 150, {
        "bass": ("x..x..", "x....."),
        "chord": ("c..c..", ".cc.cc", "c.cc.c"),
        "lead": ("r.rr.r", "rrrrrr", "r.rrrr"),
        "snare": ("", "o..o..", "x.xx.x"),
    }),
    Groove("trot", 2, 4, 96, 140, {
        "bass": ("x...x...", "x......."),
        "chord": ("..c...c.", "c...c...", "..c...c."),
        "lead": ("r.r.r.r.", "rrr.rrr.", "r.rrr.rr", "r...r..."),
        "hat": ("", "..x...x.", "x.x.x.x."),
    }),
    Groove("twelve eight", 4, 3, 52, 118, {
        "kick": ("x.....x.....", "x....xx.....", "x..x..x..x.."),
        "snare": ("...x.....x..",),
        "hat": ("xxxxxxxxxxxx", "x.xx.xx.xx.x", "xooxooxooxoo"),
        "bass": ("x.....x.....", "x..x..x..x..", "x.xx.xx.xx.x"),
        "chord": ("c...........", "crrcrrcrrcrr", "..c..c..c..c"),
    }),
    Groove("click", 4, 1, 44, 212, {"click": ("xxxx", "oooo")}),
    Groove("kick and hat", 4, 2, 84, 222, {"kick": ("x.x.x.x.",), "hat": (".x.x.x.x", ".o.o.o.o", "ooxxooxx")}),
    Groove("minuet", 3, 2, 104, 172, {
        "bass": ("x.....", "x...x."),
        "chord": ("..c.c.", "c.....", "..c.c."),
        "lead": ("r.rrrr", "r.r.r.", "rrr.r.", "r...r."),
    }),
    Groove("broken chords", 4, 4, 60, 112, {
        "bass": ("x.......x.......", "x...............", "x...x...x...x..."),
        "chord": ("..r...r...r...r.", "..r.r.r...r.r.r.", ".rrr.rrr.rrr.rrr", "r.rrr.rrr.rrr.rr"),
        "lead": ("", "r.......r...r...", "r...r...r...r..."),
    }),
)  # fmt: skip
"""What the rule of the octaves was made by."""

HELD_OUT = (
    Groove("disco", 4, 4, 108, 128, {
        "kick": ("x...x...x...x...",),
        "clap": ("....x.......x...",),
        "ride": ("o.x.o.x.o.x.o.x.", "xoxoxoxoxoxoxoxo"),
        "bass": ("x.x.x.x.x.x.x.x.", "x..xx..xx..xx..x"),
        "organ": ("c...............", "..c...c...c...c."),
    }),
    Groove("techno", 4, 4, 126, 150, {
        "kick": ("x...x...x...x...",),
        "clap": ("....x.......x...", "", ""),
        "ride": ("..x...x...x...x.", "xxxxxxxxxxxxxxxx", "x.x.x.x.x.x.x.x."),
        "bass": (".xxx.xxx.xxx.xxx", "..x...x...x...x.", ""),
        "organ": ("", "c..c..c.........", "...c.....c......"),
    }),
    Groove("gabber", 4, 4, 165, 220, {
        "kick": ("x...x...x...x...",),
        "clap": ("....x.......x...", "", ""),
        "ride": ("..x...x...x...x.", ""),
        "organ": ("c.....c.....c...", "c...............", "..c...c...c...c."),
    }, octaves=(0.5,)),
    Groove("jungle", 4, 4, 158, 176, {
        "kick": ("x.x.......xx....", "x.x.......x....."),
        "clap": ("....x..x.x..x..x", "....x..o.o..x..o"),
        "ride": ("x.x.x.x.x.x.x.x.",),
        "bass": ("x.......x.......", "x.....x........."),
        "organ": ("c...............", ""),
    }, octaves=(0.5,)),
    Groove("trap", 4, 4, 132, 152, {
        "kick": ("x.....x...x.....", "x..........x...."),
        "clap": ("........x.......",),
        "ride": ("x.x.x.x.x.x.x.x.", "x.x.xxx.x.x.xxxx"),
        "bass": ("x.....x...x.....",),
        "organ": ("c...............", "r...r...r...r..."),
    }, octaves=(0.5,)),
    Groove("reggaeton", 4, 4, 86, 104, {
        "kick": ("x...x...x...x...",),
        "clap": ("...x..x....x..x.",),
        "ride": ("x.x.x.x.x.x.x.x.", ""),
        "bass": ("x..x..x.x..x..x.", "x.......x......."),
        "organ": ("c...............", "..c...c...c...c."),
    }),
    Groove("bossa", 4, 4, 62, 84, {
        "kick": ("x..xx..xx..xx..x",),
        "clap": ("o..o..o...o..o..",),
        "ride": ("xxxxxxxxxxxxxxxx", "x.x.x.x.x.x.x.x."),
        "bass": ("x..xx..xx..xx..x", "x...x...x...x..."),
        "organ": ("c..c..c...c..c..",),
    }, octaves=(2.0,)),
    Groove("shuffle", 4, 3, 84, 132, {
        "kick": ("x.....x.....", "x..x..x..x.."),
        "clap": ("...x.....x..",),
        "ride": ("x.xx.xx.xx.x",),
        "bass": ("x..r..r..r..", "x.xr.rx.xr.r"),
        "organ": ("c...........", "..c..c..c..c"),
    }),
    Groove("mazurka", 3, 4, 112, 168, {
        "kick": ("x...........", ""),
        "bass": ("x...........",),
        "organ": ("....c...c...",),
        "pluck": ("r.rr...r....", "r...r...r...", "r...r.r.r..."),
    }),
    Groove("polka", 2, 4, 104, 136, {
        "bass": ("x...x...",),
        "organ": ("..c...c.",),
        "clap": ("..o...o.", ""),
        "pluck": ("r.rrr.r.", "rrrrr.r."),
    }),
    Groove("tarantella", 6, 3, 108, 144, {
        "kick": ("x..x..", "x....."),
        "clap": ("xooxoo", "..o..o"),
        "bass": ("x..x..",),
        "organ": ("..c..c", "c..c.."),
        "pluck": ("rrrrrr", "r.rrrr"),
    }),
    Groove("slow blues", 6, 3, 48, 66, {
        "kick": ("x..o..", "x....."),
        "clap": ("...x..",),
        "ride": ("xxxxxx", "xoxxox"),
        "bass": ("x.xx.x", "x..x.."),
        "organ": ("c.....", "cccccc"),
    }),
    Groove("punk", 4, 4, 150, 196, {
        "kick": ("x.......x.......", "x.x...x.x.x...x."),
        "clap": ("....x.......x...",),
        "ride": ("x.x.x.x.x.x.x.x.", "x...x...x...x..."),
        "bass": ("x.x.x.x.x.x.x.x.",),
        "organ": ("c.c.c.c.c.c.c.c.", "c...............", "c...c...c...c..."),
    }),
    Groove("funk", 4, 4, 92, 116, {
        "kick": ("x..x......x..x..", "x.....x...x....."),
        "clap": ("....x..o.o..x...", "....x.......x..o"),
        "ride": ("xxxxxxxxxxxxxxxx", "x.x.x.x.x.x.x.x."),
        "bass": ("x..x..x....x..x.", "x.x....x..x....."),
        "organ": ("..c...c...c...c.", "c......c........"),
    }),
    Groove("picking", 4, 4, 66, 112, {
        "pluck": ("r.rrr.rrr.rrr.rr", "r.r.r.r.r.r.r.r."),
        "bass": ("x.......x.......", "x...x...x...x..."),
    }),
)  # fmt: skip
"""Styles and sounds that no rule and no number was made by."""
