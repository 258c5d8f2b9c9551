"""The files of an empty study: every setting of ``study.toml`` explained, ready to be filled in."""

from collections.abc import Mapping

from labproc.study.sheets import CULTURE_COLUMNS, SAMPLE_COLUMNS

STUDY_TOML = """\
# What this study is. Lines that begin with # are explanations, or settings that are off:
# take the # away to switch one on. `labproc run` names every mistake with its line.

[study]
title = "CAR-T cells with and without lenalidomide"
control = "C"                    # the arm that all others are compared with
# day_zero = "2026-03-02"        # start of the culture or infusion; with it dates give days
# day_zero = { P1 = "2026-03-02", P2 = "2026-04-13" }   # or one date a donor

# One table for each arm. A name with other letters than A-Z and 0-9 stands in quotes.
[arms.C]
label = "Control"                # as it stands on figures
vehicle = "DMSO 0.1 %"
aliases = ["ctrl", "DMSO"]       # other words for it in file names and sheets
# lenalidomide_um = 0            # dose in µmol/L
# from_day = 0                   # day on which the drug was first added

[arms."C+Len"]
label = "Lenalidomide 10 µmol/L"
lenalidomide_um = 10
from_day = 0
aliases = ["Len", "L10", "10uM"]

# How file names say what the files are: paths below raw/, braces name the parts.
# {donor} {experiment} {arm} {day} {date} {replicate} {panel} {role} {plate} {well}; {*} skips.
# d07, day 7 and D7 are one day. What a name does not say stands in samples.csv, which wins.
[files]
pattern = ["{date}/{donor}_{arm}_d{day}_{panel}.fcs"]
# well_pattern = ["{donor}_{arm}_d{day}"]   # what the cells of plates.xlsx say

# One table for each staining panel: how it is gated, and which detector sees which marker.
[panels.car]
strategy = "car_t"               # car_t, cd4_cd8, live, or your own file beside this one
markers = { CAR = "BL1-A", CD3 = "YL2-A", viability = "RL2-A" }
# compensation = "file"          # or none, controls (single stains), or a matrix such as "m.csv"
# shared = { Live = ["donor", "day"], "T cells" = "plate" }   # one gate for a group of tubes
# [panels.car.own."D1_C_d07_car.fcs"]      # ... but this tube is gated by itself
# Live = "debris"                          # the reason

[panels.subset]
strategy = "cd4_cd8"
markers = { CD3 = "YL2-A", CD4 = "VL1-A", CD8 = "RL1-A", viability = "RL2-A" }

[panels.count]                   # a tube that was not washed
strategy = "live"

# How events become cells per µL.
[counts]
panel = "count"
method = "volume"                # volume ($VOL of the file), beads or manual
sample_ul = 20                   # culture taken ...
final_ul = 200                   # ... in the volume on the cytometer; not "1:10"
pipetting_cv = 0.07              # of one dilution; without it the interval holds counting only
# bead_count = 50000             # beads in a tube; method = "beads", strategy = "live_beads"
# washed = false                 # true: cells were lost, counts are flagged

[qpcr]
transgene = "CAR"                # target names as in the export
reference = { target = "ALB", copies_per_diploid_genome = 2 }
sample_pattern = "{donor}_{arm}_d{day}"     # how sample names on the plate are read
dna_ng_per_well = 200            # dna_ng of a sample in samples.csv wins
standard_unit = "copies_per_well"           # copies_per_well, copies_per_ul or ng
# template_ul_per_well = 5       # needed with copies_per_ul
# copies_per_ng = 1000           # needed with ng
# reference_standard_unit = "ng" # where the reference gene's standards have another unit
# ipc_target = "IPC"             # inhibition control, where the file does not mark it
# curve = "pooled"              # one slope for all plates, an intercept for each; else "own"
# calibrator = "CAL"             # a sample on all plates: reads those without standards
# dilution_series = ["lod.xlsx"] # plates that give LOD and LOQ; else the standards of all
# residual_plasmid_before_day = 7   # earlier samples are flagged
# lloq_copies_per_ug = 50        # your validated limit, if there is one

# Limits for a plate, only where yours differ from the usual ones.
# [qpcr.accept]
# efficiency = [0.90, 1.10]
# r_squared = 0.98
# level_error = 0.30             # a standard read back may differ by this fraction
# lack_of_fit_p = 0.05
# replicate_sd = 0.5             # cycles
# min_levels = 3                 # levels of standards that a curve needs
# ipc_delay_cycles = 1.0         # a later inhibition control means inhibited
# dna_input_tolerance = 0.30     # reference gene against the stated DNA input
# lloq_cv = 0.35                 # largest relative error of a number that counts as quantified

# Wells left out of a file, each with its reason; they stay visible.
# [qpcr.omit."plate1.xlsx"]
# A1 = "bubble"
# "CAR:B2" = "pipetting error"

# What you set out to test. Written before looking, and recorded with the results.
[plan]
unit = "donor"                   # what one repeat is: donor, experiment or well
primary = "cart_growth_rate"
window_days = [2, 10]            # one window for all cultures
test = "two_stage_paired"
secondary = ["ln_cd4_cd8_slope", "copies_per_ug_auc"]
correction = "holm"
# treated = ["C+Len"]            # arms compared with the control; all others by default. With three
                                 # doses or more the arms left out here stand in the dose series
# level = 0.05

# Patients: which column of patients.csv is what. Sensible names are recognised; with this table
# whatever cannot be read is refused before work.
# [cohort]
# arm = "arm"
# control = "C"                  # the study's control by default
# response = "best_response"
# toxicity = ["crs_grade", "icans_grade"]
# characteristics = ["sex", "age"]   # Table 1; every other column by default
# ignore = ["comment"]
# cut = { age = 60 }             # how many lie above
# survival.OS = { time = "os_months", event = "died", unit = "months" }
# survival.PFS = { time = "pfs_months", event = "progressed" }
# time = "os_days"               # in short for survival.OS, with event; pfs_time, pfs_event
# event = "died"                 # for survival.PFS; treatment_start_day for start_day
# start_day = "len_start_day"    # treatment began here: immortal time is looked for
# ongoing = "ongoing"
# dose_per_kg = "dose_per_kg"
# test = "fisher"                # chi_square or boschloo
# landmark = [15]                # the median start by default

# Cells given in parts: percent, their days, and which part is day 0 (first, largest or last).
# [infusion]
# percent = [10, 30, 60]
# days = [0, 1, 2]
# day_zero = "first"

# Limits that dosing.csv (patient, day, anc, platelets, dose_mg) is held against; looks back, is no
# advice. Counts are 10^9 per litre.
# [dosing]
# hold_anc = 0.5
# hold_platelets = 25
# reduce_anc = 2
# reduce_platelets = 50
# reduced_mg = 10
# full_mg = 25
# days_on = 21
# cycle_days = 28

# Your own release specifications, one table each (or lines of release.csv); none is built in.
# [[release]]
# metric = "transduction"        # or purity, viability, cd4:cd8, vcn, copies_per_ug, cell_dose,
# parent = "Live"                # any population of a strategy, or a measure of measured.csv
# day = "last"                   # a day, last or every
# low = 20
# high = 80                      # low, high or both; or expected = "negative"
# unit = "%"

# Results stand in results/labproc.sqlite unless a PostgreSQL server is named.
# [store]
# url = "postgresql+psycopg://user@server/study"

# Who signs (labproc sign): with two persons nobody reviews or approves what they performed.
# [signatures]
# two_persons = true

# Who is told when a file is set aside or a run has finished.
# [notify]
# webhook = "https://..."        # or "$LABPROC_WEBHOOK": the variable that holds it
# email = "lab@example.org"      # several with commas
# smtp = "localhost"             # host:port, or smtps://user@host
# sender = "labproc@example.org"
"""

RAW_README = """\
Instruments write here, in any subfolders; labproc reads, and never changes anything.
FCS files and qPCR exports are recognised by their content. Name them as study.toml says, e.g.

  2026-03-09/D1_C+Len_d07_car.fcs     donor D1, arm C+Len, day 7, panel car

or list them in samples.csv. A file that neither explains is listed as "not assigned".
"""


def csv_files() -> Mapping[str, str]:
    """Return the files of an empty study by their path in its folder."""
    return {
        "study.toml": STUDY_TOML,
        "samples.csv": ",".join(SAMPLE_COLUMNS) + "\n",
        "culture.csv": ",".join(CULTURE_COLUMNS) + "\n",
        "raw/README.txt": RAW_README,
    }


def sheets() -> Mapping[str, tuple[str, ...]]:
    """Return the sheets of ``study.xlsx`` with their headings."""
    return {"samples": SAMPLE_COLUMNS, "culture": CULTURE_COLUMNS}
