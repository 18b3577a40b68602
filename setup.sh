#!/bin/sh
# Create .venv from the locked requirements; nothing to do when it is up to date.
#
# PYTHON, if set, is the Python to build on, else the first suitable one on the PATH. LOCK, if set,
# is the requirements file, else the one with CUDA where `nvidia-smi` answers, and the CPU one.
set -eu
cd "$(dirname "$0")"

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

if [ -z "${LOCK:-}" ]; then
    LOCK=requirements-cpu.txt
    if nvidia-smi -L >/dev/null 2>&1; then LOCK=requirements-gpu.txt; fi
fi
[ -f "$LOCK" ] || fail "setup: There is no $LOCK here. Bring it back with \`git restore $LOCK\`."

# What the environment is made from; a copy is kept in it once everything is installed. The folder
# counts: the programs in .venv/bin name it.
stamp=.venv/installed
recipe() { printf '%s\n' "$LOCK in $(pwd -P)" && cat "$LOCK"; }
if have=$(version_of .venv/bin/python) && recipe | cmp -s - $stamp; then
    if [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON")" = "$have" ]; then exit 0; fi
fi

# TensorFlow has wheels for these versions. Some systems have ensurepip in a package of its own.
python= lacking=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    version=$(version_of "$candidate") || continue
    case $version in 3.11 | 3.12 | 3.13) ;; *) continue ;; esac
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then python=$candidate && break; fi
    lacking=${lacking:-$candidate}
done
[ -n "$python$lacking" ] || fail \
    "setup: No Python 3.11, 3.12 or 3.13: ${PYTHON:-python3} is $(version_of "${PYTHON:-python3}" || echo no Python)." \
    "       TensorFlow has no wheel for others. Install one of these and name it:" \
    "       make setup PYTHON=python3.12"
[ -n "$python" ] || fail \
    "setup: $lacking cannot make environments: its module ensurepip is missing." \
    "       On Debian and Ubuntu: sudo apt install python$(version_of "$lacking")-venv" \
    "       Then run this again, or name another Python: make setup PYTHON=python3.12"

# Anew, never on top: `tensorflow` and `tensorflow-cpu` in one environment break each other. The
# lock is complete, so pip need not look for what the packages depend on.
echo "setup: Making .venv from $LOCK with Python $version: one to two minutes, more with CUDA."
"$python" -m venv --clear .venv ||
    fail "setup: The environment could not be made; the reason stands above. Then run this again."
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-input \
    --require-hashes --no-deps -r "$LOCK" ||
    fail "setup: The packages could not be installed; pip's reason stands above." \
        "       No network? pip needs a package index, or a mirror of one in its settings." \
        "       Then run this again: it begins anew, with what pip kept in its cache."
recipe >$stamp
echo "setup: The environment is ready."
