"""What released models of audiocraft consist of: MAGNeT, melody, text encoder, multi-band diffusion, pickles."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from antiphon_wire.errors import AntiphonError, Cancelled
from chassis.encodings import Encoding
from chassis.models import Store
from chassis.models.converter import ConversionError
from services.generation.contract import GenerationRequest, PieceBlock, Sampling
from services.generation.engines.audiocraft.library import bring_in
from services.generation.job import Jobs
from services.generation.melody import chroma
from services.generation.settings import GenerationSettings

audiocraft = pytest.importorskip(
    "services.generation.engines.audiocraft.engine",
    reason="audiocraft has an environment of its own: make test-generation-audiocraft",
)
MAGNET_SAMPLING = audiocraft.MAGNET_SAMPLING

# Samples are up to 0.3; attention summed in another order gives 1e-7.
SAME = 1e-6


class ScriptedTask:
    """A task without a clip that nobody cancels."""

    source = None

    def checkpoint(self) -> None:
        return


@pytest.fixture(scope="module")
def loaded(craft_store: Store, craft_settings: GenerationSettings) -> Callable[[str], Any]:
    return lambda name: audiocraft.Audiocraft.load(craft_store.require(name), craft_settings)


@pytest.fixture
def xformers_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    """What xformers' attention is by its documentation, so that the library can run its own MAGNeT for comparison."""
    bring_in()
    import xformers.ops
    from audiocraft.modules import transformer

    def attention(q: Any, k: Any, v: Any, bias: Any, p: float = 0) -> torch.Tensor:
        sides = (each.transpose(1, 2) for each in (q, k, v))  # it has (rows, time, heads, width)
        return torch.nn.functional.scaled_dot_product_attention(*sides, attn_mask=bias).transpose(1, 2)

    monkeypatch.setattr(xformers.ops, "memory_efficient_attention", attention, raising=False)
    monkeypatch.setattr(transformer, "_efficient_attention_backend", "torch")


@pytest.mark.usefixtures("xformers_attention")
def test_magnet_gives_what_the_library_gives_with_xformers_attention(
    loaded: Any, order: Any, samples_of: Any, released: Path
) -> None:
    ours = samples_of(loaded("magnet"), order(seed=3, seconds=4.0, sampling=MAGNET_SAMPLING))
    theirs = bring_in().MAGNeT.get_pretrained(str(released / "magnet"))
    torch.manual_seed(3)
    wanted = theirs.generate(["warm piano"], progress=False).numpy()
    # 4 s are 200 frames, and it fills spans of three: 198.
    assert ours.shape == wanted.shape == (1, 1, 198 * 640)
    assert np.abs(ours - wanted).max() < SAME


def test_magnet_tells_every_step_and_is_cut_to_the_length_asked_for(loaded: Any, order: Any, samples_of: Any) -> None:
    engine = loaded("magnet")
    assert engine.longest_seconds == 4.0
    *progress, last = engine.generate(order(seconds=2.0, sampling=MAGNET_SAMPLING))
    assert last.samples.shape == (1, 1, 64_000)
    assert engine.frame_counts(2.0, 0, False) == (64_000, 0)
    assert len(progress) == 20 + 10 + 10 + 10
    assert progress[24].seconds == pytest.approx(1.0)
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == 7:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(engine.generate(order(sampling=MAGNET_SAMPLING), step))
    assert steps == 7


def test_magnet_generates_by_its_own_defaults_and_no_longer_than_it_can(
    craft_store: Store, craft_settings: GenerationSettings
) -> None:
    jobs = Jobs(craft_settings, craft_store)
    request = GenerationRequest(model="magnet", prompts=("rain",), seed=1, seconds=1.0, sampling={"top_p": 0.8})
    work = list(jobs.generate(ScriptedTask(), request))[-1].work
    told = {name: work.parameters[name] for name in ("temperature", "top_k", "top_p", "guidance_scale")}
    assert told == {"temperature": "3", "top_k": "0", "top_p": "0.8", "guidance_scale": "10"}
    with pytest.raises(AntiphonError) as caught:
        list(jobs.generate(ScriptedTask(), GenerationRequest(model="magnet", prompts=("rain",), seconds=4.5)))
    assert (caught.value.reason, caught.value.field) == ("DURATION_OUT_OF_RANGE", "config.duration")
    assert "4.5 s of magnet; give 0.2 to 4" in caught.value.message


def test_magnet_goes_on_from_a_clip_within_its_length(
    loaded: Any, order: Any, samples_of: Any, scale: np.ndarray
) -> None:
    engine, clip = loaded("magnet"), scale[None]
    whole = samples_of(engine, order(seconds=3.0, sampling=MAGNET_SAMPLING, continuation=clip, include_clip=True))
    # 198 frames, of which 150 are new: 48 of the clip are heard, though the context would have 75.
    assert engine.frame_counts(3.0, clip.shape[1], True) == (198 * 640, 48 * 640)
    assert whole.shape == (1, 1, 198 * 640)
    new = samples_of(engine, order(seconds=3.0, sampling=MAGNET_SAMPLING, continuation=clip))
    assert np.array_equal(new, whole[..., 48 * 640 :])
    assert np.abs(new - samples_of(engine, order(seconds=3.0, sampling=MAGNET_SAMPLING))).max() > 1e-3
    with pytest.raises(AntiphonError, match=r"at most 3\.8 s"):
        engine.frame_counts(4.0, clip.shape[1], True)


def test_a_melody_is_followed_and_goes_on_through_the_windows(
    loaded: Any, order: Any, samples_of: Any, scale: np.ndarray
) -> None:
    engine = loaded("melody")
    assert engine.follows_melody
    assert not loaded("music").follows_melody
    followed = samples_of(engine, order(seconds=6.0, melody=scale[None]))
    assert followed.shape == (1, 1, 192_000)
    for other in (order(seconds=6.0, melody=scale[None, ::-1]), order(seconds=6.0)):
        assert np.abs(followed - samples_of(engine, other)).max() > 1e-3
    assert np.array_equal(followed, samples_of(engine, order(seconds=6.0, melody=scale[None])))


def test_the_chroma_is_the_librarys_own(monkeypatch: pytest.MonkeyPatch, scale: np.ndarray) -> None:
    bring_in()
    import torchaudio
    from audiocraft.modules.chroma import ChromaExtractor

    class Spectrogram(torch.nn.Module):
        """torchaudio's, by its documentation, for the parameters that the extractor gives."""

        def __init__(self, n_fft: int, win_length: int, hop_length: int, **_: Any) -> None:
            super().__init__()
            self.sizes = {"n_fft": n_fft, "win_length": win_length, "hop_length": hop_length}

        def forward(self, wave: torch.Tensor) -> torch.Tensor:
            window = torch.hann_window(self.sizes["win_length"])
            spectrum = torch.stft(wave.flatten(0, -2), window=window, return_complex=True, **self.sizes).abs() ** 2
            return spectrum.unflatten(0, wave.shape[:-1]) / window.square().sum()

    monkeypatch.setattr(torchaudio.transforms, "Spectrogram", Spectrogram)
    extractor = ChromaExtractor(sample_rate=32_000, n_chroma=12, radix2_exp=14, argmax=True)
    theirs = extractor(torch.from_numpy(scale)[None, None])[0].numpy()
    assert np.array_equal(theirs, chroma.chroma(scale))


def test_a_chroma_of_another_definition_is_refused() -> None:
    bring_in()
    from services.generation.engines.audiocraft.melody import ChromaConditioner

    with pytest.raises(ValueError, match="16384"):
        ChromaConditioner(8, sample_rate=32_000, n_chroma=12, radix2_exp=12, duration=4.0, argmax=True)


def test_a_text_encoder_that_is_part_of_the_model_is_heard(loaded: Any, order: Any, samples_of: Any) -> None:
    engine = loaded("heard")
    first = samples_of(engine, order("warm piano"))
    assert np.array_equal(first, samples_of(engine, order("warm piano")))
    assert np.abs(first - samples_of(engine, order("calm guitar"))).max() > 1e-3
    # Words that its tokenizer does not know are all the same to it: so the text goes through that tokenizer.
    assert np.array_equal(samples_of(engine, order("surf rock")), samples_of(engine, order("pop punk")))


def test_a_text_encoder_that_is_missing_is_named(loaded: Any) -> None:
    with pytest.raises(AntiphonError) as caught:
        loaded("deaf")
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "MODEL_UNREADABLE")
    assert "t5-base" in caught.value.message
    assert "t5/config.json" in caught.value.message


def test_multi_band_diffusion_makes_the_audio_and_says_so(
    loaded: Any, order: Any, samples_of: Any, monkeypatch: pytest.MonkeyPatch, released: Path
) -> None:
    engine, plain = loaded("diffused"), loaded("music")
    ours = samples_of(engine, order(seed=3))
    assert (engine.parameters["decoder"], plain.parameters["decoder"]) == ("multi-band diffusion", "codec")
    # The library's own way: its loader reads the pickle that ours was converted from.
    from audiocraft.models import loaders
    from audiocraft.models.multibanddiffusion import DiffusionProcess
    from audiocraft.modules.diffusion_schedule import NoiseSchedule

    package = torch.load(released / "diffused" / "diffusion.th", weights_only=False)
    monkeypatch.setattr(loaders, "load_mbd_ckpt", lambda *_, **__: package)
    networks, processors, configs = loaders.load_diffusion_models("diffused")
    theirs = bring_in().MusicGen.get_pretrained(str(released / "diffused"))
    processes = [
        DiffusionProcess(network, NoiseSchedule(**config.schedule, sample_processor=processor, device="cpu"))
        for network, processor, config in zip(networks, processors, configs, strict=True)
    ]
    theirs.set_generation_params(duration=1.01, top_k=64)
    torch.manual_seed(3)
    _, tokens = theirs.generate(["warm piano"], return_tokens=True)
    with torch.no_grad():
        wanted = bring_in().MultiBandDiffusion(processes, theirs.compression_model).tokens_to_wav(tokens).numpy()
    assert ours.shape == wanted.shape == (1, 1, 32_000)
    assert np.abs(ours - wanted).max() < 1e-4 * np.abs(wanted).max(), "twenty steps of diffusion add their roundings up"
    assert np.abs(ours - samples_of(plain, order(seed=3))).max() > 1e-3


def test_a_cancel_ends_the_diffusion_too(loaded: Any, order: Any) -> None:
    engine, steps = loaded("diffused"), 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == 60:  # 50 frames and 3 for the delays are generated; what follows is diffusion
            raise Cancelled

    with pytest.raises(Cancelled):
        list(engine.generate(order(), step))
    assert steps == 60


@pytest.mark.parametrize(("kind", "rate"), [("MusicGen", 32_000), ("AudioGen", 16_000)])
def test_the_librarys_debug_models_make_music(
    order: Any,
    samples_of: Any,
    craft_settings: GenerationSettings,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    rate: int,
) -> None:
    models = bring_in()
    from audiocraft.modules import conditioners

    # Their own tokenizer lemmatises by spaCy's English model, which spaCy's makers put on no package index.
    monkeypatch.setattr(conditioners, "WhiteSpaceTokenizer", conditioners.NoopTokenizer)
    torch.manual_seed(0)
    library = getattr(models, kind).get_pretrained("debug", device="cpu")
    engine = audiocraft.Audiocraft(kind.lower(), library, craft_settings)
    ours = samples_of(engine, order(seed=5, seconds=2.0))
    assert ours.shape == (1, 1, 2 * rate)
    library.set_generation_params(duration=2.02, top_k=250, extend_stride=2.5)
    torch.manual_seed(5)
    assert np.array_equal(ours, library.generate(["warm piano"], progress=False).numpy()[..., : 2 * rate])
    assert np.abs(ours - samples_of(engine, order(seed=6, seconds=2.0))).max() > 1e-4
    # Beyond its window of 4 s by extend_stride.
    assert samples_of(engine, order(seconds=9.0)).shape == (1, 1, 9 * rate)


@pytest.fixture
def folder(released: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(released / "music", tmp_path / "music"))


class Hostile:
    """Unpickled by a trusting reader it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_pickle_that_would_run_code_is_refused_and_runs_none(folder: Path, tmp_path: Path) -> None:
    from services.generation import conversion

    torch.save({"best_state": {}, "xp.cfg": Hostile(tmp_path / "ran")}, folder / "state_dict.bin")
    with pytest.raises(ConversionError, match="refused"):
        conversion.audiocraft(folder, tmp_path / "out", "musicgen")
    (folder / "diffusion.th").write_bytes(pickle.dumps(Hostile(tmp_path / "ran")))
    with pytest.raises(ConversionError):
        conversion.audiocraft(folder, tmp_path / "out", "musicgen")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"a": torch.zeros(1).expand(4_000_000_000)}, "more values than its file holds"),
        ({"a": torch.eye(3).to_sparse()}, "'a' is none"),
        ({1: torch.zeros(2)}, "1 is none"),
        ([torch.zeros(2)], "wanted named tensors"),
    ],
    ids=["expanded", "sparse", "unnamed", "list"],
)
def test_tensors_that_are_not_in_their_file_are_refused(folder: Path, tmp_path: Path, state: Any, told: str) -> None:
    from services.generation import conversion

    torch.save({"best_state": state, "xp.cfg": "{}"}, folder / "state_dict.bin")
    with pytest.raises(ConversionError, match=told):
        conversion.audiocraft(folder, tmp_path / "out", "musicgen")


@pytest.mark.parametrize("bands", [0, -1, 10**9, 1.5, "4", None])
def test_a_diffusion_of_no_sensible_number_of_bands_is_refused(folder: Path, tmp_path: Path, bands: Any) -> None:
    from services.generation import conversion

    torch.save({"n_bands": bands, "sample_rate": 16_000}, folder / "diffusion.th")
    with pytest.raises(ConversionError, match="bands; wanted 1 to 64"):
        conversion.audiocraft(folder, tmp_path / "out", "musicgen")


def test_a_folder_that_is_no_checkpoint_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    from services.generation import conversion

    torch.save({"pretrained": "facebook/encodec_32khz", "exported": True}, folder / "compression_state_dict.bin")
    with pytest.raises(ConversionError, match="encodec_32khz"):
        conversion.audiocraft(folder, tmp_path / "out", "musicgen")
    torch.save({"xp.cfg": "{}"}, folder / "compression_state_dict.bin")
    with pytest.raises(ConversionError, match="best_state"):
        conversion.audiocraft(folder, tmp_path / "out", "musicgen")
    (folder / "state_dict.bin").unlink()
    with pytest.raises(ConversionError, match=r"state_dict\.bin: No such file"):
        conversion.audiocraft(folder, tmp_path / "out", "musicgen")


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("model.json", {"kind": "jasco"}, "jasco"),
        ("model.json", [], "list"),
        ("lm.json", {"transformer_lm": {}}, "lm_model"),
    ],
)
def test_files_that_make_no_model_are_refused_in_words(
    craft_store: Store, craft_settings: GenerationSettings, tmp_path: Path, file: str, content: Any, words: str
) -> None:
    from dataclasses import replace

    installed = craft_store.require("music")
    folder = Path(shutil.copytree(installed.directory, tmp_path / "model"))
    (folder / file).unlink()
    (folder / file).write_text(json.dumps(content))
    with pytest.raises(AntiphonError) as caught:
        audiocraft.Audiocraft.load(replace(installed, directory=folder), craft_settings)
    assert (caught.value.code, caught.value.reason) == ("FAILED_PRECONDITION", "MODEL_UNREADABLE")
    assert words in caught.value.message


def test_the_sampling_of_the_others_is_musicgens(loaded: Any) -> None:
    assert loaded("music").sampling == loaded("effects").sampling == Sampling()


def test_a_job_of_magnet_sends_its_audio(craft_store: Store, craft_settings: GenerationSettings) -> None:
    request = GenerationRequest(model="magnet", prompts=("rain",), seed=1, seconds=4.0, encoding=Encoding("pcm_f32le"))
    events = list(Jobs(craft_settings, craft_store).generate(ScriptedTask(), request))
    sent = sum(len(event.data) for event in events if isinstance(event, PieceBlock))
    assert sent == events[-1].pieces[0].frames * 4 == 198 * 640 * 4
