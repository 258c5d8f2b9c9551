"""Any plate in any dialect is read back: sign, delimiter, encoding, line end, order of columns."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labproc.parsers import _positions as positions
from labproc.parsers import read_file

NAMES = st.text("abcDEF 0123456789-_+µé,;.'", min_size=1, max_size=12).map(str.strip)
TASKS = {"unknown": "UNKNOWN", "standard": "STANDARD", "ntc": "NTC"}


@st.composite
def plates(draw):
    """Return the rows of a plate, as they should be read."""
    well = st.tuples(st.integers(1, 8), st.integers(1, 12))
    places = draw(st.lists(well, min_size=2, max_size=12, unique=True))
    rows = []
    for row, column in places:
        cq = draw(st.none() | st.integers(50_001, 399_998).filter(lambda n: n % 10_000))
        rows.append(
            {
                "well": positions.name(row, column),
                "sample": draw(NAMES.filter(lambda n: n not in {"", "-"})),
                "target": draw(st.sampled_from(["CAR", "ALB", "RNase P"])),
                "task": draw(st.sampled_from(sorted(TASKS))),
                "cq": None if cq is None else cq / 10_000,
                "quantity": draw(st.none() | st.integers(1, 10**9)),
            }
        )
    return rows


@st.composite
def dialects(draw):
    """Return how the plate is written."""
    return {
        "delimiter": draw(st.sampled_from("\t;,")),
        "decimal": draw(st.sampled_from(".,")),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])),
        "ending": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "order": draw(st.permutations(range(6))),
        "missing": draw(st.sampled_from(["Undetermined", "N/A", "NaN", "No Ct"])),
    }


def write(rows, dialect):
    headings = ["Well", "Sample Name", "Target Name", "Task", "Ct", "Quantity"]
    table = [headings]
    for row in rows:
        cq = dialect["missing"] if row["cq"] is None else f"{row['cq']:.4f}"
        amount = "" if row["quantity"] is None else f"{row['quantity']}.0000"
        cells = [row["well"], row["sample"], row["target"], TASKS[row["task"]]]
        table.append([*cells, *(n.replace(".", dialect["decimal"]) for n in (cq, amount))])
    out = io.StringIO()
    writer = csv.writer(out, delimiter=dialect["delimiter"], lineterminator=dialect["ending"])
    writer.writerows([line[i] for i in dialect["order"]] for line in table)
    return out.getvalue().encode(dialect["encoding"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plates(), dialects())
def test_a_plate_is_read_as_it_was_written(rows, dialect):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plate.txt"
        path.write_bytes(write(rows, dialect))
        run = read_file(path)
    found = [
        {
            "well": w.position,
            "sample": w.sample,
            "target": w.target,
            "task": w.task.value,
            "cq": w.cq,
            "quantity": w.quantity,
        }
        for w in run.table.wells
    ]
    assert found == rows
