import pytest

from labproc.errors import ParseError
from labproc.model import Task
from labproc.parsers import read_file

PLATE = "<pcrFormat><rows>{rows}</rows><columns>{columns}</columns></pcrFormat>"
PLATE_96 = PLATE.format(rows=8, columns=12)
REACT = '<react id="{id}"><sample id="s"/><data><tar id="CAR"/>{data}</data></react>'


@pytest.fixture
def read(tmp_path):
    def make(*reacts, version="1.2", sample="<type>unkn</type>", plate=PLATE_96):
        text = (
            f'<rdml version="{version}" xmlns="http://www.rdml.org">'
            f'<sample id="s">{sample}</sample><target id="CAR"><dyeId id="FAM"/></target>'
            f'<experiment id="e"><run id="r">{plate}'
            + "".join(reacts)
            + "</run></experiment></rdml>"
        )
        path = tmp_path / "run.rdml"
        path.write_text(text)
        return read_file(path)

    return make


def react(number="1", data="<cq>20.5</cq>"):
    return REACT.format(id=number, data=data)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4"])
def test_every_version_is_read(read, version):
    run = read(react(), version=version)
    assert [(w.position, w.sample, w.target, w.cq, w.dye) for w in run.table.wells] == [
        ("A1", "s", "CAR", 20.5, "FAM")
    ]
    assert run.details["version"] == version


@pytest.mark.parametrize(
    ("number", "columns", "position"),
    [("13", 12, "B1"), ("25", 24, "B1"), ("B07", 12, "B7"), ("72", 1, "72"), ("9999", 12, "9999")],
)
def test_reactions_are_named_by_the_plates_columns(read, number, columns, position):
    run = read(react(number), plate=PLATE.format(rows=8, columns=columns))
    assert run.table.wells[0].position == position


def test_a_plate_of_no_columns_is_taken_as_96_wells(read):
    assert read(react("13"), plate=PLATE.format(rows=0, columns=0)).table.wells[0].position == "B1"


@pytest.mark.parametrize("cq", ["", "<cq>-1.0</cq>", "<cq>NaN</cq>", "<cq>100</cq>", "<cq></cq>"])
def test_not_detected_in_every_spelling(read, cq):
    run = read(react(data=cq), react("2"))
    assert [w.cq for w in run.table.wells] == [None, 20.5]


def test_a_cq_that_is_no_number_is_refused_with_its_reaction(read):
    with pytest.raises(ParseError, match="run 'r', reaction 2, well A2: Cq is 'high'"):
        read(react(), react("2", "<cq>high</cq>"))


def test_a_type_for_one_target_goes_before_the_general_one(read):
    kinds = '<type>unkn</type><type targetId="CAR">std</type>'
    amounts = '<quantity targetId="CAR"><value>1e3</value></quantity>'
    run = read(react(), version="1.3", sample=kinds + amounts)
    assert run.table.wells[0].task is Task.STANDARD
    assert run.table.wells[0].quantity == 1000.0


def test_excluded_data_are_omitted_wells(read):
    run = read(react(data="<cq>20.5</cq><excl>bubble</excl>"), react("2"))
    assert [w.omitted for w in run.table.wells] == [True, False]


def test_several_targets_in_a_reaction_are_several_wells(read):
    both = '<cq>20.5</cq></data><data><tar id="ALB"/><cq>22.5</cq>'
    run = read(react(data=both))
    assert [(w.target, w.cq) for w in run.table.wells] == [("CAR", 20.5), ("ALB", 22.5)]


def test_a_document_without_reactions_is_refused(read):
    with pytest.raises(ParseError, match="no reaction in it"):
        read()
