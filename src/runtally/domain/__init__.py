"""What a run is: models, life cycle, errors, limits and the ports that adapters fill."""
