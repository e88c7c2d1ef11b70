"""Last event of an alignment: the audio, how many lines were found in it, and how."""

from __future__ import annotations

from chassis.audio import Source
from chassis.models import InstalledModel
from services.speech.contract import AlignmentFindings, AlignmentRequest, AlignmentSummary, Recognizer
from services.speech.summaries.places import placed
from services.speech.summaries.work import work_facts


def alignment_summary(
    source: Source,
    model: InstalledModel,
    recognizer: Recognizer,
    request: AlignmentRequest,
    findings: AlignmentFindings,
) -> AlignmentSummary:
    """Sums an alignment up; reads the source to its end, since length and digest are those of the whole recording.

    Raises:
        AntiphonError: what the rest of the audio is refused for.
    """
    parameters = {"language_code": request.language or "", "voice_activity_detection": "false"}
    return AlignmentSummary(
        source=source.complete(),
        work=work_facts(model, recognizer, parameters),
        findings=findings,
        warnings=(*source.warnings, *placed(findings.warnings, source.start_seconds)),
    )
