"""The shipped catalogue: data, no code.

Each YAML file maps a kind of part to its entries (`chips`, `racks`, ...); every leaf is a figure with value, status,
source and place, money also with its price year. `sources.yaml` declares every source once; `costs.yaml` holds the
price level and the published figures that results are compared with; `defaults.yaml` is a tree in the program's own
form, where `*` stands for every name. `published` copies what its source states; `estimate` derives it and says how;
`assumed` is ours, because no source that we read gives it.
"""
