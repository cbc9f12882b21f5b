"""Laws on floats and arrays: fluids, plates, conductors, machines. Knows nothing of racks or programs."""
