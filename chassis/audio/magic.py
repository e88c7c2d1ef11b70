"""What a file is that is not read here, by its first bytes: so that whoever sent it can tell what to do."""

from __future__ import annotations

LOOK_BYTES = 512
_KINDS = (
    (b".RMF", "a RealMedia file"),
    (b".ra\xfd", "a RealAudio file"),
    (b"MThd", "a MIDI file, which holds notes and no sound"),
    (b"MP+", "a Musepack file"),
    (b"MPCK", "a Musepack file"),
    (b"tBaK", "a TAK file"),
    (b"OFR ", "an OptimFROG file"),
    (b"ajkg", "a Shorten file"),
    (b"LA0", "a Lossless Audio file"),
    (b"FRM8", "a DSDIFF file"),
    (b"FLV\x01", "a Flash video"),
    (b"\0\0\x01\xba", "an MPEG program stream"),
    (b"\0\0\x01\xb3", "an MPEG video stream"),
    (b"Creative Voice File", "a Creative Voice file"),
    (b"NIST_1A", "a NIST SPHERE file"),
    (b"\x7f\xfe\x80\x01", "a DTS stream"),
    (b"\xfe\x7f\x01\x80", "a DTS stream"),
    (b"DTSHDHDR", "a DTS-HD file"),
    (b"\x06\x0e\x2b\x34", "an MXF file"),
    (b"IMPM", "a tracker module, which holds notes and samples of instruments"),
    (b"Extended Module:", "a tracker module, which holds notes and samples of instruments"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"BZh", "a bzip2 archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
    (b"#EXTM3U", "a playlist; send the sound that it points to"),
    (b"[playlist]", "a playlist; send the sound that it points to"),
    (b"<ASX", "a playlist; send the sound that it points to"),
    (b"ffconcat", "a playlist; send the sound that it points to"),
)
_FORMS = {
    b"AVI ": "an AVI video",
    b"RMID": "a MIDI file, which holds notes and no sound",
    b"WEBP": "a WebP picture",
    b"sfbk": "a sound font",
    b"8SVX": "an 8SVX file",
}
"""By what stands at the ninth byte of a RIFF or IFF file."""


def kind_of(start: bytes) -> str | None:
    """Names what begins with these bytes, with an article; None for what is not known, and what is read here.

    Args:
        start: The first LOOK_BYTES bytes, or all there are.
    """
    if start[:4] in (b"RIFF", b"FORM"):
        return _FORMS.get(start[8:12])
    for magic, name in _KINDS:
        if start.startswith(magic):
            return name
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if start and not start.strip(b"\0"):
        return "nothing but zeros"
    return "a text" if _is_text(start) else None


def _is_text(start: bytes) -> bool:
    # The last character may be cut.
    text = start.decode("utf-8", "ignore")
    lost = len(start) - len(text.encode())
    return len(text) > 3 and lost < 4 and all(each.isprintable() or each in "\t\r\n\f" for each in text)
