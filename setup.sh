#!/bin/sh
# Create .venv from the locked requirements; nothing to do when it is up to date.
#
# PYTHON, if set, is the Python to build on; otherwise the first one on the PATH that
# TensorFlow has wheels for. LOCK, if set, is the requirements file; otherwise the one with CUDA
# where `nvidia-smi` answers and the CPU one elsewhere.
set -eu
cd "$(dirname "$0")"

say() { echo "setup: $*"; }
fail() {
    echo "setup: $1" >&2
    shift
    for line; do echo "       $line" >&2; done
    exit 1
}

if [ -z "${LOCK:-}" ]; then
    LOCK=requirements-cpu.txt
    if nvidia-smi -L >/dev/null 2>&1; then LOCK=requirements-gpu.txt; fi
fi
[ -f "$LOCK" ] || fail "There is no $LOCK here. Bring it back with \`git restore $LOCK\`."

# What the environment is made from. A copy, kept in it once everything is installed, tells
# whether it is whole and still right. The folder counts: the programs in .venv/bin name it.
stamp=.venv/installed
recipe() {
    echo "$LOCK in $(pwd -P)"
    cat "$LOCK"
}
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

up_to_date() {
    recipe | cmp -s - $stamp || return 1
    have=$(version_of .venv/bin/python) || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON")" = "$have" ]
}
if up_to_date; then exit 0; fi

suitable() {
    case $(version_of "$1") in 3.11 | 3.12 | 3.13) ;; *) return 1 ;; esac
}
can_make_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# The first suitable Python that can make environments; else the first suitable one.
python=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    suitable "$candidate" || continue
    python=${python:-$candidate}
    if can_make_venv "$candidate"; then
        python=$candidate
        break
    fi
done

if [ -z "$python" ]; then
    found=$(version_of "${PYTHON:-python3}") || found=
    fail "${PYTHON:-python3} is ${found:+Python }${found:-not here, or no Python}; this needs Python 3.11, 3.12 or 3.13." \
        "TensorFlow has no wheel for others. Install one of these and name it:" \
        "make setup PYTHON=python3.12"
fi
version=$(version_of "$python")
if ! can_make_venv "$python"; then
    fail "$python cannot make environments: its module ensurepip is missing." \
        "On Debian and Ubuntu: sudo apt install python$version-venv" \
        "Then run this again, or name another Python: make setup PYTHON=python3.12"
fi

if [ -d .venv ]; then say "The lock, the folder or the Python changed since .venv was made: making it anew."; fi
say "Installing $LOCK into .venv with Python $version: one to two minutes."
case $LOCK in *gpu*) say "CUDA comes with it: some gigabytes, so it may take longer." ;; esac

# Anew, never on top: `tensorflow` and `tensorflow-cpu` in one environment break each other. The
# lock is complete, so pip need not look for what the packages depend on.
"$python" -m venv --clear .venv ||
    fail "The environment could not be made; the reason stands above. Then run this again."
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-input \
    --require-hashes --no-deps -r "$LOCK" ||
    fail "The packages could not be installed; pip's reason stands above." \
        "No network? pip needs a package index, or a mirror of one in its settings." \
        "Then run this again: it begins anew, with what pip kept in its cache."
recipe >$stamp
say "The environment is ready."
