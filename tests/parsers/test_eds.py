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
    def make(*wells, results="", columns="12", omitted="", light=""):
        setup = f"<Plate><Columns>{columns}</Columns><PassiveReferenceDye>ROX</PassiveReferenceDye>"
        setup += "<FeatureMap><Feature><Id>detector-task</Id>"
        setup += "</Feature>" + "".join(wells) + f"</FeatureMap><Wells>{omitted}</Wells></Plate>"
        path = tmp_path / "run.eds"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("apldbio/sds/plate_setup.xml", setup)
            if light:
                archive.writestr("apldbio/sds/multicomponent_data.txt", light)
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


LIGHT = "StepOne v2.0 MulticomponentData\r\n\r\nWELL\tCYCLE\tDYE LIST\tMSE\tSIGNAL DATA\r\n"


def light_of(well, fam, rox):
    """Write a well's cycles as the software does: no line end where a cycle ends."""
    text = ""
    for cycle, (f, r) in enumerate(zip(fam, rox, strict=True)):
        text += f"{well}\t{cycle}\tFAM\t9.5\t{f}\t1.0\r\n\t\t\t\t\t0.07\r\n"
        text += f"{well}\t{cycle}\tROX\t9.5\t{r}\t0.02\r\n{well}\t{cycle}\t9.5\t"
    return text


def test_an_experiment_without_analysis_gives_reporter_over_reference(read):
    light = LIGHT + light_of(0, [200.0, 300.0, 800.0], [100.0, 100.0, 200.0])
    (curve,) = read(well(0), well(1), light=light).amplification
    assert (curve.position, curve.target) == ("A1", "CAR")
    assert list(curve.cycles) == [1.0, 2.0, 3.0]
    assert list(curve.fluorescence) == [2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    "light",
    [light_of(0, [1.0, 2.0], [1.0, 0.0]), light_of(0, [1.0, "x"], [1.0, 1.0]), "no table at all"],
)
def test_light_that_cannot_be_normalised_gives_no_curve(read, light):
    assert read(well(0), light=LIGHT + light).amplification == ()


@pytest.mark.shared
def test_the_real_experiment_has_a_curve_in_every_well(shared):
    run = read_file(shared / "data/qpcr/eds/sce.eds")
    assert len(run.amplification) == 24
    assert {a.cycles.size for a in run.amplification} == {40}
    first = next(a for a in run.amplification if a.position == "A1")
    # 842270.7 of FAM over 363171.06 of ROX in its first record
    assert first.fluorescence[0] == pytest.approx(842270.7 / 363171.06)
    tasks = {w.position: w.task for w in run.table.wells}
    rise = {a.position: a.fluorescence[-1] - a.fluorescence[5] for a in run.amplification}
    blanks = [v for p, v in rise.items() if tasks[p] is Task.NTC]
    others = [v for p, v in rise.items() if tasks[p] is not Task.NTC]
    assert max(blanks) < min(others)
