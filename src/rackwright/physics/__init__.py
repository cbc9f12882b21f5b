"""Laws on floats and arrays that stages use: fluids, plates, conductors, machines. Knows nothing of racks or programs."""
