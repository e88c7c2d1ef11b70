"""The pieces of one call, written while they are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from antiphon.evidence.v1 import evidence_pb2
from antiphon.generation.v1 import generation_service_pb2 as pb
from antiphon_cli.generate.sinks import FileSink, Player, Sink, StandardOutput
from antiphon_cli.outputs.errors import writing
from antiphon_cli.outputs.rules import Rules
from antiphon_cli.progress import Reporter, show_stage
from antiphon_cli.terminal import plain, remark, show_warnings
from antiphon_client import SyncClient


@dataclass(frozen=True)
class Outputs:
    """Where pieces go.

    Attributes:
        out: File or folder; ``-`` for standard output, None for neither.
        extension: Format of the audio.
        play: Whether they are played too.
        count: Pieces of all calls together.
        rules: What they may take the place of.
    """

    out: Path | None
    extension: str
    play: bool
    count: int
    rules: Rules

    def check(self) -> None:
        """Refuses, before anything is made, pieces that may not be written.

        Raises:
            OutputError: one may not.
        """
        if self.out is not None and str(self.out) != "-":
            for piece in range(self.count):
                with writing(self._path(self.out, piece)):
                    self.rules.check(self._path(self.out, piece))

    def open(self, stack: ExitStack, first: int, count: int) -> Iterator[list[Sink]]:
        """Opens the sinks of ``count`` pieces, numbered from ``first`` on; the stack closes them."""
        for piece in range(first, first + count):
            sinks: list[Sink] = []
            if self.out is not None and str(self.out) == "-":
                sinks.append(stack.enter_context(StandardOutput()))
            elif self.out is not None:
                path = self._path(self.out, piece)
                root = self.out if path != self.out else None
                sinks.append(stack.enter_context(FileSink(path, self.rules, root)))
            if self.play:
                sinks.append(stack.enter_context(Player()))
            yield sinks

    def _path(self, out: Path, piece: int) -> Path:
        alone = self.count == 1 and not out.is_dir()
        return out if alone else out / f"piece-{piece + 1}.{self.extension}"


def receive(
    client: SyncClient,
    config: pb.GenerationConfig,
    clip: Path | bytes | None,
    outputs: Outputs,
    first: int,
    shown: Reporter,
) -> pb.GenerationSummary:
    """Makes one call and writes its pieces.

    Args:
        client: Of the generation service.
        config: What to make.
        clip: The recording to continue or to follow; None for none.
        outputs: Where the pieces go.
        first: Number of the first of them among those of all calls.
        shown: Shows the progress.

    Raises:
        AntiphonClientError: the call failed.
        OutputError: a piece cannot be written.
    """
    summary = pb.GenerationSummary()
    with ExitStack() as stack:
        sinks: list[list[Sink]] = []
        for event in stack.enter_context(closing(client.generate(config, clip))):
            if isinstance(event, evidence_pb2.Progress):
                if event.phase == evidence_pb2.Progress.PHASE_COMPUTING and event.HasField("audio_done"):
                    event.step = f"{event.audio_done.ToNanoseconds() / 1e9:.1f} s of music"
                show_stage(shown, "generation", event)
            elif isinstance(event, pb.GenerationHeader):
                sinks = list(outputs.open(stack, first, len(event.seeds)))
            elif isinstance(event, pb.PieceChunk):
                for sink in sinks[event.piece]:
                    sink.write(event.chunk.data)
            else:
                summary = event
        for piece in summary.pieces:
            for sink in sinks[piece.piece]:
                sink.finish(piece.patches)
    return summary


def tell(summary: pb.GenerationSummary, *, model: bool) -> None:
    """Says on standard error what was made, and with ``model`` by which one."""
    show_warnings(summary.warnings)
    for piece in summary.pieces:
        name = plain(piece.prompt) or "no prompt"
        seconds = piece.frame_count / piece.sample_rate_hertz
        remark(f"  {name}: {seconds:.1f} s, seed {piece.seed}")
    if model:
        made = summary.provenance.model
        use = "" if made.commercial_use else ", not for commercial use"
        remark(f"  {plain(made.name)}, licence of the weights {plain(made.license_spdx)}{use}")
