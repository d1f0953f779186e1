"""What operators see and what the process gets from its machine: logs, metrics, CPUs."""
