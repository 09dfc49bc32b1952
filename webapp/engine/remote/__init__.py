"""Jobs on other machines: workers of a Dask scheduler that share the data folder with the server."""
