"""How rows of any export are read, by what they say and not by where they stand."""

import pytest

from labproc.errors import ParseError, UnknownFormat
from labproc.formats.content import look
from labproc.model import Task
from labproc.parsers import read_file, recognise


@pytest.fixture
def run(tmp_path):
    def read(text, name="export.csv"):
        path = tmp_path / name
        path.write_text(text)
        return read_file(path)

    return read


def codes(found):
    return [flag.code for flag in found.flags]


def test_an_undetermined_well_never_takes_its_groups_mean(run):
    found = run("Well,Sample,Target,Ct,Ct Mean\nA1,s,CAR,Undetermined,28.2\nA2,s,CAR,28.1,28.2\n")
    assert [w.cq for w in found.table.wells] == [None, 28.1]


@pytest.mark.parametrize(
    "word", ["Undetermined", "UNDETERMINED", "N/A", "NaN", "NA", "No Ct", "NoCt", "", "-", "-1"]
)
def test_not_detected_in_every_spelling(run, word):
    found = run(f"Well,Sample,Target,Ct,Qty\nA1,s,CAR,{word},\nA2,s,CAR,20.5,\n")
    assert found.table.wells[0].cq is None
    assert all(f.severity == "info" for f in found.flags)


@pytest.mark.parametrize("word", ["#N/A", "n/d", "---", "40+", "<LOD", "#DIV/0!", "inf", ">38"])
def test_doubtful_words_are_not_detected_and_someone_has_to_look(run, word):
    found = run(f"Well,Sample,Target,Ct,Qty\nA1,s,CAR,{word},\nA2,s,CAR,20.5,\n")
    assert found.table.wells[0].cq is None
    assert [(f.code, f.severity) for f in found.flags] == [("cq_word", "review")]
    assert "line 2" in found.flags[0].message


def test_any_other_word_is_refused_with_its_line(run):
    with pytest.raises(ParseError, match=r"export\.csv, line 3: Cq is 'twenty', expected a number"):
        run("Well,Sample,Ct,Qty\nA1,s,20.5,1\nA2,s,twenty,1\n")


@pytest.mark.parametrize("cq", ["-5", "0", "999", "1e9"])
def test_a_cq_that_no_run_has_is_flagged(run, cq):
    found = run(f"Well,Sample,Target,Ct,Qty\nA1,s,CAR,{cq},\nA2,s,CAR,20.5,\n")
    assert found.table.wells[0].cq is None
    assert codes(found) == ["cq_out_of_range"]


def test_the_last_cycle_stands_for_not_detected(run):
    rows = "".join(f"A{i},s,CAR,{cq},\n" for i, cq in enumerate((40, 40, 25.5, 39.9), start=1))
    found = run("Well,Sample,Target,Ct,Qty\n" + rows)
    assert [w.cq for w in found.table.wells] == [None, None, 25.5, 39.9]
    assert codes(found) == ["cq_at_last_cycle"]


def test_a_single_whole_cq_is_a_number(run):
    found = run("Well,Sample,Target,Ct,Qty\nA1,s,CAR,31,\nA2,s,CAR,25.5,\n")
    assert [w.cq for w in found.table.wells] == [31.0, 25.5]


def test_a_standard_is_told_by_its_quantity_or_name_where_no_task_stands(run):
    found = run(
        "Well,Sample,Gene,Cq,SQ\nA1,STD_1000,CAR,20.5,1000\nA2,D1 d7,CAR,27.5,12.5\n"
        "A3,NTC,CAR,NA,NA\n"
    )
    assert [w.task for w in found.table.wells] == [Task.STANDARD, Task.UNKNOWN, Task.NTC]


def test_sample_names_are_never_numbers_dates_or_missing_values(run):
    names = ["NA", "None", "null", "007", "1-Mar", "nan", "TRUE"]
    rows = "".join(f"A{i},{name},CAR,20.{i},1\n" for i, name in enumerate(names, start=1))
    found = run("Well,Sample,Target,Ct,Qty\n" + rows)
    assert [w.sample for w in found.table.wells] == names
    assert codes(found) == ["name_may_be_changed"]


def test_reactions_listed_twice_are_flagged_by_what_differs(run):
    same = run("Well,Sample,Target,Ct,Qty\nA1,s,CAR,20.5,1\nA1,s,CAR,20.5,1\n")
    assert [(f.code, f.severity) for f in same.flags] == [("duplicate_well", "warning")]
    other = run("Well,Sample,Target,Ct,Qty\nA1,s,CAR,20.5,1\nA1,s,CAR,30.5,1\n")
    assert [(f.code, f.severity) for f in other.flags] == [("duplicate_well_differs", "review")]


def test_the_same_wells_with_other_samples_are_other_plates(run):
    found = run("Well,Sample,Target,Ct,Qty\nA1,s,CAR,20.5,1\nA1,t,CAR,30.5,1\n")
    assert codes(found) == ["several_plates"]


def test_a_well_off_every_plate_is_refused(run):
    with pytest.raises(ParseError, match="line 2: the well is 'Z99', expected A1 to AF48"):
        run("Well,Sample,Target,Ct,Qty\nZ99,s,CAR,20.5,1\n")


def test_a_row_that_was_cut_is_refused(run):
    with pytest.raises(ParseError, match="line 3: 2 of 5 cells, the Cq is missing"):
        run("Well,Sample,Target,Ct,Qty\nA1,s,CAR,20.5,1\nA2,s\nA3,s,CAR,21.5,1\n")


def test_a_well_without_anything_is_an_empty_well(run):
    found = run("Well,Sample,Target,Ct,Qty\nA1,s,CAR,20.5,1\nA2,\nA3,,,,\nA4,s,CAR,21.5,1\n")
    assert [w.position for w in found.table.wells] == ["A1", "A4"]


def test_cells_beyond_the_headings_are_refused(run):
    with pytest.raises(ParseError, match="line 2: 6 cells under 5 headings"):
        run("Well,Sample,Target,Ct,Qty\nA1,s,CAR,20,5,1\n")


def test_a_stray_line_does_not_end_the_table_in_silence(run):
    with pytest.raises(ParseError, match="line 3: 'x' stands among the wells"):
        run("Well,Sample,Target,Ct,Qty\nA1,s,CAR,20.5,1\nx,y\nA2,s,CAR,20.5,1\n")


def test_a_footer_ends_the_table(run):
    found = run("Well,Sample,Target,Ct,Qty\nA1,s,CAR,20.5,1\nAnalysis Type,Singleplex\n\n")
    assert len(found.table.wells) == 1


def test_two_columns_of_cq_that_differ_are_refused(run):
    with pytest.raises(ParseError, match=r"several columns of Cq differ, 'Ct' \('20\.5'\)"):
        run("Well,Sample,Target,Ct,Cq\nA1,s,CAR,20.5,21.5\n")


def test_each_dye_in_a_row_is_a_reaction_of_its_own(run):
    found = run(
        "Pos;Name;Ct FAM;Target FAM;Ct HEX;Target HEX\nA1;s;20,5;CAR;22,5;ALB\nA2;s;;;23,5;ALB\n"
    )
    assert [(w.position, w.target, w.cq, w.dye) for w in found.table.wells] == [
        ("A1", "CAR", 20.5, "FAM"),
        ("A1", "ALB", 22.5, "HEX"),
        ("A2", "ALB", 23.5, "HEX"),
    ]


def test_wells_are_told_by_name_where_one_column_has_names(run):
    found = run("Well ID,Well,Sample,Target,Ct\n61,F1,s,CAR,20.5\n62,F2,s,CAR,21.5\n")
    assert [w.position for w in found.table.wells] == ["F1", "F2"]


def test_numbered_wells_are_named_and_the_guess_is_told(run):
    found = run("Well,Sample,Target,Ct\n1,s,CAR,20.5\n13,s,CAR,21.5\n97,s,CAR,22.5\n")
    assert [w.position for w in found.table.wells] == ["A1", "A13", "E1"]
    assert codes(found) == ["plate_size_assumed"]


def test_a_table_without_wells_counts_its_rows(run):
    found = run("Sample,Target,Ct\ns,CAR,20.5\nt,CAR,21.5\n")
    assert [(w.position, w.sample) for w in found.table.wells] == [("1", "s"), ("2", "t")]


def test_tables_below_each_other_are_all_read(run):
    page = '"Quantitative analysis of {c} (Page 1)"\n\n"No.";"Name";"Type";"Ct";"Given Conc (x)"\n'
    text = page.format(c="Green") + '"1";"s";"Unknown";"20,5";""\n\n'
    text += page.format(c="Yellow") + '"1";"s";"Unknown";"22,5";""\n'
    found = run(text)
    assert [(w.target, w.cq) for w in found.table.wells] == [("Green", 20.5), ("Yellow", 22.5)]


def test_an_export_without_wells_that_were_set_up_is_flagged(run):
    found = run(
        "* Block Type = 96\n[Sample Setup]\nWell\tSample Name\tTarget Name\tTask\n"
        "A1\ts\tCAR\tUNKNOWN\nA2\ts\tCAR\tUNKNOWN\n\n[Results]\n"
        "Well\tSample Name\tTarget Name\tTask\tCт\tAutomatic Ct Threshold\n"
        "A1\ts\tCAR\tUNKNOWN\t20.5\ttrue\n"
    )
    assert codes(found) == ["wells_without_result"]
    assert "first A2" in found.flags[0].message


def test_a_text_called_a_workbook_is_read_and_says_so(run):
    found = run("Well,Sample,Target,Ct\nA1,s,CAR,20.5\n", name="plate.xlsx")
    assert codes(found) == ["name_differs_from_content"]


def test_what_misses_only_its_cq_is_told(run):
    with pytest.raises(UnknownFormat, match=r"line 1: no column of Cq \(Ct, Cq, Cp\) among Well"):
        run("Well,Sample Name,Target Name,Task\nA1,s,CAR,UNKNOWN\n")


def test_a_run_without_any_cq_must_not_be_used(run):
    found = run("Well,Sample,Target,Ct,Qty\nA1,s,CAR,,1\nA2,s,CAR,,1\n")
    assert [(f.code, f.severity) for f in found.flags] == [("no_cq", "fail")]


def test_omitted_wells_stay_and_are_marked(run):
    found = run("Well,Omit,Sample,Target,Ct\nA1,TRUE,s,CAR,20.5\nA2,0,s,CAR,21.5\n")
    assert [w.omitted for w in found.table.wells] == [True, False]
    include = run("Include,Well,Sample,Target,Ct\nFalse,A1,s,CAR,20.5\nTrue,A2,s,CAR,21.5\n")
    assert [w.omitted for w in include.table.wells] == [True, False]


def test_the_order_of_rows_does_not_matter(run):
    rows = [f"A{i},s{i},CAR,{20 + i / 10},{i}" for i in range(1, 12)]
    head = "Well,Sample,Target,Ct,Qty\n"
    forward, backward = run(head + "\n".join(rows) + "\n"), run(head + "\n".join(rows[::-1]) + "\n")
    assert forward.table.wells == backward.table.wells[::-1]


def test_text_of_strangers_is_kept_as_it_is(run):
    name = "=HYPERLINK(1)<script>"
    found = run(f"Well,Sample,Target,Ct\nA1,{name},CAR,20.5\n")
    assert found.table.wells[0].sample == name


def test_a_reading_names_its_file_and_format(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("Well,Sample,Target,Ct\nA1,s,CAR,20.5\n")
    name, _ = recognise(look(path))
    found = read_file(path)
    assert name == "plain_table"
    assert found.source.path == str(path)
    assert found.source.parser == "plain_table"


def test_sheets_without_cq_of_the_same_software_are_refused(run):
    with pytest.raises(UnknownFormat, match="no column of Cq"):
        run(",Well,Fluor,Target,Content,Sample,Melt Temperature\n,A01,FAM,CAR,Unkn,s,81.5\n")


def test_a_plate_is_called_as_the_preamble_says(run):
    body = "Well,Sample,Target,Ct\nA1,s,CAR,20.5\n"
    assert run("Plate Barcode,P-17\n" + body).plate == "P-17"
    assert run("Plate Barcode,NA\n" + body).plate == ""


def test_results_on_a_sheet_called_raw_data_are_found(tmp_path):
    import xlsxwriter

    path = tmp_path / "lab.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Notes").write(0, 0, "run of Tuesday")
        sheet = book.add_worksheet("Raw data")
        sheet.write_row(0, 0, ["Well", "Sample", "Target", "Cq"])
        sheet.write_row(1, 0, ["A1", "s", "CAR", 20.5])
    found = read_file(path)
    assert [(w.position, w.cq) for w in found.table.wells] == [("A1", 20.5)]


def test_a_hundred_doubts_of_one_kind_are_told_once_with_their_number(run):
    rows = "".join(f"A{i},s,CAR,-5,\n" for i in range(1, 13)) + "B1,s,CAR,20.5,\n"
    found = run("Well,Sample,Target,Ct,Qty\n" + rows)
    assert codes(found) == ["cq_out_of_range"] * 9
    assert found.flags[-1].message.startswith("4 more of these")
    assert all(w.flags for w in found.table.wells[:12])


def test_a_word_for_a_quantity_is_left_out_and_flagged(run):
    found = run("Well,Sample,Target,Ct,Qty\nA1,s,CAR,20.5,below range\nA2,s,CAR,20.6,12.5\n")
    assert [w.quantity for w in found.table.wells] == [None, 12.5]
    assert codes(found) == ["quantity_word"]


def test_a_reason_in_the_column_of_omitted_wells_omits_the_well(run):
    found = run("Well,Omit,Sample,Target,Ct\nA1,bubble,s,CAR,20.5\nA2,,s,CAR,20.6\n")
    assert [w.omitted for w in found.table.wells] == [True, False]
    assert codes(found) == ["omit_word"]
