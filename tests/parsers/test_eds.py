import zipfile

import pytest

from labproc.errors import ParseError
from labproc.model import Task
from labproc.parsers import read_file

WELL = (
    "<FeatureValue><Index>{index}</Index><FeatureItem><DetectorTaskList><DetectorTask>"
    "<Task>{task}</Task><Concentration>{amount}</Concentration><Detector><Name>CAR</Name>"
    "<Reporter>FAM</Reporter></Detector></DetectorTask></DetectorTaskList></FeatureItem></FeatureValue>"
)
HEAD = "Session Name\t\nWell\tSample Name\tDetector\tTask\tCt\tAvg Ct\tQty\n"


@pytest.fixture
def read(tmp_path):
    def make(*wells, results="", columns="12", omitted=""):
        setup = f"<Plate><Columns>{columns}</Columns><FeatureMap><Feature><Id>detector-task</Id>"
        setup += "</Feature>" + "".join(wells) + f"</FeatureMap><Wells>{omitted}</Wells></Plate>"
        path = tmp_path / "run.eds"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("apldbio/sds/plate_setup.xml", setup)
            if results:
                archive.writestr("apldbio/sds/analysis_result.txt", HEAD + results)
        return read_file(path)

    return make


def well(index, task="UNKNOWN", amount="1.0"):
    return WELL.format(index=index, task=task, amount=amount)


def test_results_are_joined_by_well_and_target(read):
    run = read(
        well(0, "STANDARD", "500.0"), well(13), results="0\ts\tCAR\tSTANDARD\t20.5\t20.5\t500\n"
    )
    assert [(w.position, w.task, w.cq, w.quantity) for w in run.table.wells] == [
        ("A1", Task.STANDARD, 20.5, 500.0),
        ("B2", Task.UNKNOWN, None, None),
    ]


def test_a_cq_at_the_last_cycle_is_not_detected(read):
    rn = "Rn values\t" + "\t".join(["0.5"] * 40) + "\n"
    run = read(
        well(0), well(1), results=f"0\ts\tCAR\tU\t40.0\t\t\n{rn}1\ts\tCAR\tU\t39.5\t\t\n{rn}"
    )
    assert [w.cq for w in run.table.wells] == [None, 39.5]
    assert [len(a.cycles) for a in run.amplification] == [40, 40]


def test_an_experiment_that_was_not_analysed_must_not_be_used(read):
    run = read(well(0), omitted="<Well><Index>0</Index><IsOmit>true</IsOmit></Well>")
    assert [f.code for f in run.flags] == ["no_cq", "omitted_before_analysis"]
    assert [w.omitted for w in run.table.wells] == [False]


@pytest.mark.parametrize("columns", ["0", "", "twelve", "²", "9" * 5000])
def test_odd_plate_sizes_are_taken_as_96_wells(read, columns):
    assert read(well(12), columns=columns).table.wells[0].position == "B1"


@pytest.mark.parametrize("index", ["", "-1", "one", "²", "9" * 5000])
def test_wells_without_a_number_are_left_out_and_none_left_is_refused(read, index):
    with pytest.raises(ParseError, match="no reaction"):
        read(well(index))


def test_the_newer_kind_says_what_to_export(tmp_path):
    path = tmp_path / "new.eds"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("setup/plate_setup.json", "{}")
    with pytest.raises(ParseError, match="export Results and Standard Curve Result as xlsx"):
        read_file(path)
