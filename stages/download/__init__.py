"""From the dataset named in `params.yaml` to one file: found, verified, split."""
