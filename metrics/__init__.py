"""What Prometheus and Grafana need for the profile `metrics` of compose.yaml: docs/metrics.md."""
