"""Wells a reviewer takes out of a qPCR run, with a reason; all that rests on it is redone."""

from collections.abc import Collection, Sequence
from pathlib import Path

from labproc import store as stores
from labproc.errors import StoreError, UnknownName
from labproc.pipeline.assemble import decode_outcomes
from labproc.pipeline.results import PlateView, Results
from labproc.pipeline.runner import load_results, run_study
from labproc.registry import nearest
from labproc.store import Store, current_results
from labproc.study import load_study


def omit_wells(
    folder: Path, sha256: str, wells: Sequence[str], *, who: str, reason: str, omitted: bool = True
) -> Results:
    """Take wells out of a run, or back into it, and return the study's new results.

    Every word about a well is kept as a new version; curves, copies, trends and comparisons that
    rest on the run are computed again and name the wells in their version.

    Parameters
    ----------
    wells : sequence of str
        ``A1`` for everything in the well, ``CAR:A1`` for one target of it.
    omitted : bool
        False takes the wells back in.

    Raises
    ------
    UnknownName
        If the study has no such run, or the run no such well.
    StoreError
        If no reason is given, or the run is approved or signed.
    """
    study = load_study(folder)
    with Store.open(study.store_url) as store:
        plate = _plate(store, sha256, study.folder.name)
        _need_wells(plate, wells)
        decided = stores.current_decisions(store).get(sha256)
        if decided is not None and decided.verdict == "approved":
            raise StoreError(
                f"{plate.source.path}: approved by {decided.who}, expected an open run; "
                "reopen it first"
            )
        stores.omit_wells(
            store, sha256, wells, who=who, reason=reason, omitted=omitted,
            subject=plate.source.path,
        )  # fmt: skip
    report = run_study(folder, look=False, workers=1)
    return report.results or load_results(folder)


def _plate(store: Store, sha256: str, study: str) -> PlateView:
    """Return a run by the SHA-256 of its file."""
    found = [r for r in current_results(store, kinds=("qpcr",)) if r.key.sha256 == sha256]
    plates = decode_outcomes(found).plates
    if not plates:
        raise UnknownName(f"no qPCR run with SHA-256 {sha256[:12]} in {study}")
    return plates[0]


def _need_wells(plate: PlateView, wells: Sequence[str]) -> None:
    known = _names(plate)
    if not wells:
        raise UnknownName(f"{plate.name}: no well named, expected one such as {next(iter(known))}")
    for well in wells:
        if well not in known:
            raise UnknownName(f"{plate.name}: no well {well!r}; {nearest(well, sorted(known))}")


def _names(plate: PlateView) -> Collection[str]:
    """Return how wells may be named: by their place, or by target and place."""
    alone = [w.position for w in plate.wells]
    return dict.fromkeys((*alone, *(f"{w.target}:{w.position}" for w in plate.wells)))
