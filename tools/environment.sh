#!/bin/sh
# Make the virtual environment that `make` works in: environment.sh PYTHON VENV
set -eu
python=$1
venv=$2

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Where python3 is an older one, a newer one may have been installed beside it.
for candidate in "$python" python3.14 python3.13 python3.12 python3.11; do
    if is_new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
if ! is_new_enough "$python"; then
    echo "oomdb needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3" >&2
    exit 1
fi
# Debian and Ubuntu keep ensurepip in a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "python$version-venv"
    else
        echo "the venv module of $python is incomplete; install it first:" >&2
        echo "    sudo apt-get install python$version-venv" >&2
        exit 1
    fi
fi
# One that was left half made, or whose Python is gone, is made anew.
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    if [ -e "$venv/pyvenv.cfg" ]; then
        rm -rf "$venv"
    fi
    "$python" -m venv "$venv"
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
# Most of what comes is never imported; the rest is compiled when it is.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
    --editable . --group dev
