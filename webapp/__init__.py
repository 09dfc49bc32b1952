"""The web app: pages, REST, jobs and viewer sessions around the engine."""
