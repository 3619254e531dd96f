"""Jobs and their schedule, by procrastinate on the same PostgreSQL. Any number of workers may run."""
