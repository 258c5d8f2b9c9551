import datetime

import pytest

from labproc.errors import ParseError
from labproc.parsers import read_file


@pytest.fixture
def read(tmp_path):
    def make(text):
        path = tmp_path / "dna.csv"
        path.write_text(text)
        return read_file(path)

    return make


@pytest.mark.parametrize(
    ("unit", "value", "ng_per_ul"),
    [("ng/µL", "5.5", 5.5), ("ng/mL", "5500", 5.5), ("µg/mL", "5.5", 5.5), ("ug/uL", "0.5", 500.0),
     ("pg/µL", "5500", 5.5)],
)  # fmt: skip
def test_every_unit_becomes_ng_per_ul(read, unit, value, ng_per_ul):
    text = "Sample Name,Qubit tube conc.,Units,Original sample conc.,Units\n"
    table = read(text + f"s,9.9,ng/mL,{value},{unit}\n")
    assert table.samples[0].ng_per_ul == pytest.approx(ng_per_ul)


def test_an_unknown_unit_is_refused(read):
    with pytest.raises(ParseError, match="line 2: the unit is 'nM'"):
        read("Sample Name,Qubit tube conc.,Units,Original sample conc.,Units\ns,1,nM,2,nM\n")


def test_the_tube_is_never_taken_for_the_sample(read):
    table = read("Sample Name,Qubit tube conc.,Original sample conc.\ns,30.4,6.08\n")
    assert table.samples[0].ng_per_ul == 6.08


def test_decimal_commas_are_settled_by_the_ratios(read):
    table = read("Sample ID;ng/µl;260/280;260/230\ns;1,250;1,88;2,10\nt;12,5;1,90;2,00\n")
    assert [s.ng_per_ul for s in table.samples] == [1.25, 12.5]


def test_thousands_are_settled_by_the_ratios(read):
    table = read('Sample Name,Nucleic Acid(ng/uL),A260/A280\ns,"1,250",1.882\n')
    assert table.samples[0].ng_per_ul == 1250.0


def test_protein_is_no_dna(read):
    with pytest.raises(ParseError, match="protein readings, expected nucleic acid"):
        read("Sample ID,conc.,units,260/280,E 1%\ns,1.9,mg/ml,0.59,16.2\n")


def test_a_day_that_may_be_a_month_is_read_as_the_software_writes_it(read):
    table = read(
        "Date,Sample Name,Nucleic Acid(ng/uL),A260/A280\n7/9/2023 3:27:29 PM,s,50.5,1.88\n"
    )
    assert table.samples[0].measured_at == datetime.datetime(2023, 7, 9, 15, 27, 29)


def test_repeats_of_a_sample_are_kept(read):
    table = read("Sample Name,Nucleic Acid(ng/uL),A260/A280\ns,50.5,1.88\ns,51.5,1.89\n")
    assert [s.ng_per_ul for s in table.samples] == [50.5, 51.5]


def test_a_qpcr_export_with_concentrations_is_no_dna_table(read):
    found = read("Well,Sample Name,Ct,Concentration,260/280\nA1,s,20.5,10,1.8\n")
    assert found.format == "plain_table"
