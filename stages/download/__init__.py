"""From the dataset named in `params.yaml` to one file: fetched, verified, split."""
