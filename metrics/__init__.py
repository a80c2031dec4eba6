"""Settings of Prometheus and Grafana for the profile `metrics` of compose.yaml: docs/metrics.md."""
