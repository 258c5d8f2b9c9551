"""From a patient table to tables, survival and timelines."""
