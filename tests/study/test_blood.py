"""What samples.csv says of the blood behind a sample of DNA."""

from pathlib import Path

import pytest

from labproc.errors import StudyError
from labproc.study import load_study
from labproc.study.blood import Blood, Extracted


def study(folder: Path, header: str, row: str) -> Path:
    (folder / "study.toml").write_text('[study]\ntitle = "t"\n', encoding="utf-8")
    (folder / "samples.csv").write_text(f"sample,{header}\nP1 d7,{row}\n", encoding="utf-8")
    return folder


def test_a_yield_or_the_volumes_of_the_extraction(tmp_path: Path) -> None:
    found = load_study(study(tmp_path, "blood_ul,dna_yield_ug", "200,4.5")).blood
    assert found == {"P1 d7": Blood(200.0, dna_ug=4.5)}
    volumes = "blood_ul,elution_ul,template_ul,dilution"
    found = load_study(study(tmp_path, volumes, "200,100,5,10")).blood
    assert found == {"P1 d7": Blood(200.0, None, 100.0)}


def test_dilution_and_volumes_stand_without_blood(tmp_path: Path) -> None:
    found = load_study(study(tmp_path, "dilution,template_ul", "10,5"))
    assert found.extracts == {"P1 d7": Extracted(10.0, 5.0)}
    assert found.blood == {}
    with pytest.raises(StudyError, match="dilution is 0, expected more than 0"):
        load_study(study(tmp_path, "dilution", "0"))


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        ("blood_ul,dna_yield_ug", "200,", "blood_ul alone give no copies"),
        ("blood_ul,dna_yield_ug", ",4.5", "dna_yield_ug alone give no copies"),
        ("blood_ul,elution_ul", "200,100", "blood_ul and elution_ul alone"),
        ("blood_ul,dna_yield_ug", "0,4.5", "blood_ul is 0, expected more than 0"),
    ],
)
def test_half_of_it_is_refused_with_the_line(
    tmp_path: Path, header: str, row: str, says: str
) -> None:
    with pytest.raises(StudyError, match=f"samples.csv, line 2: {says}"):
        load_study(study(tmp_path, header, row))


def test_a_study_without_blood_says_nothing(tmp_path: Path) -> None:
    assert load_study(study(tmp_path, "dna_ng", "200")).blood == {}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('A1 = ""', "no reason, expected one"),
        ('Q1 = "bubble"', "no well, expected one like A1 or CAR:A1"),
    ],
)
def test_a_well_is_left_out_with_a_reason(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "study.toml").write_text(f'[qpcr.omit."p.xlsx"]\n{line}\n', encoding="utf-8")
    with pytest.raises(StudyError, match=says):
        load_study(tmp_path)
