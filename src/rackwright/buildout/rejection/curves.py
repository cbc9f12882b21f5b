"""Curves of two published machines, from the data sets that EnergyPlus 25.2.0 ships.

Both are one at their own reference state, rise with the condenser and reach far into cold weather. Their makers'
catalogues cover leaving water of 4 to 10 degC only; see `Chiller.beyond` for warmer water.
"""

from __future__ import annotations

from rackwright.buildout.rejection.chiller import Biquadratic, ChillerCurves

#: Centrifugal, speed-controlled; condenser by water.
WATER_COOLED = ChillerCurves(
    name="York YK 2771 kW, speed-controlled",
    condenser="water",
    reference_capacity_w=2771100.0,
    reference_cop=6.84,
    capacity=Biquadratic(
        (0.7734286, 0.04848829, -0.001859209, 0.02611971, -0.001243562, 0.0007210181), (4.44, 8.89), (12.78, 29.44)
    ),
    electric_input=Biquadratic(
        (0.7203736, 0.0103046, -0.0007854237, -0.001206349, 0.000821006, -0.001455414), (4.44, 8.89), (12.78, 29.44)
    ),
    part_load=(0.08653354, 0.1737382, 0.7403679),
    least_part=0.20,
    least_unload=0.20,
    most_part=1.02,
    reference_leaving_k=278.71,
    reference_condenser_k=297.04,
    status="published",
    source="EnergyPlus 25.2.0, DataSets/Chillers.idf, ElectricEIRChiller York YK 2771kW/6.84COP/VSD",
)

#: Scroll; condenser by air, its fans within the electric input.
AIR_COOLED = ChillerCurves(
    name="Trane CGAM130 434 kW",
    condenser="air",
    reference_capacity_w=433628.0,
    reference_cop=3.08,
    capacity=Biquadratic(
        (1.0428575245, 0.0390769644, 0.0001876955, -0.0031517246, -0.0000984665, -0.0003385144),
        (5.56, 10.0),
        (4.44, 46.11),
        (0.8281, 1.4128),
    ),
    electric_input=Biquadratic(
        (0.5436161169, -0.0108322959, 0.0004105474, 0.0042214209, 0.0004027623, -0.0005156184),
        (5.56, 10.0),
        (4.44, 46.11),
        (0.4668, 1.4382),
    ),
    part_load=(0.0493, 0.622, 0.3275),
    least_part=0.15,
    least_unload=0.25,
    most_part=1.0,
    reference_leaving_k=279.82,
    reference_condenser_k=308.15,
    status="published",
    source="EnergyPlus 25.2.0, DataSets/AirCooledChiller.idf, ElectricEIRChiller Trane CGAM130 433.6kW/3.08COP",
)
