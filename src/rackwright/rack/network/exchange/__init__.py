"""Files of other programs: InfraGraph in and out, NetBox and Excel out, addresses and names."""
