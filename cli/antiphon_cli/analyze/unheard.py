"""A recording that no stage could read, told from stages that failed for reasons of their own."""

from __future__ import annotations

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon_client import AntiphonClientError
from antiphon_client.errors import from_status

_OF_THE_FILE = "INVALID_ARGUMENT"


def error_of_the_file(record: record_pb2.AnalysisRecord) -> AntiphonClientError | None:
    """Returns why the file itself could not be heard; None where any stage answered, or failed for another reason.

    It is the file's where every stage that was tried refused what it was sent, and by the same reason.
    """
    if any(report.state == record_pb2.STAGE_STATE_SUCCEEDED for report in record.stage_reports):
        return None
    tried = [each for each in record.stage_reports if each.state == record_pb2.STAGE_STATE_FAILED]
    errors = [from_status(report.error) for report in tried if report.HasField("error")]
    same = {(error.code, error.reason) for error in errors}
    if len(same) != 1 or errors[0].code != _OF_THE_FILE or not errors[0].reason.startswith("AUDIO_"):
        return None
    return errors[0]
