"""Gates of other programs, read into a strategy: GatingML 2.0 and FlowJo workspaces."""
