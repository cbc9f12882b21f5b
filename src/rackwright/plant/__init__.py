"""What a plant can build a week, and what holds it back.

`capacity` answers by formula: the least, over a plant's resources, of what is there over what a rack takes.
"""

from rackwright.plant.capacity import (
    HEADLINES,
    RATE,
    RATES,
    RESOURCES,
    TABLES,
    PlantCapacities,
    Resource,
    plant_capacities,
    rate,
    time_per_good_piece,
)

__all__ = [
    "HEADLINES",
    "RATE",
    "RATES",
    "RESOURCES",
    "TABLES",
    "PlantCapacities",
    "Resource",
    "plant_capacities",
    "rate",
    "time_per_good_piece",
]
