#!/bin/sh
# Build the wheel, install it into an empty environment, and run every command far
# from the checkout: wheel_test.sh PYTHON
set -eu
# Not the file that a virtual environment's python links to: that one may lack pip.
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
checkout=$(pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$scratch" .
"$python" -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
    "$scratch"/*.whl
mkdir "$scratch/empty"
cp "$checkout/samples/rocketmq-8g.log" "$scratch/empty"
cd "$scratch/empty"
oomdb=$scratch/venv/bin/oomdb
"$oomdb" --version
"$oomdb" ingest rocketmq-8g.log
"$oomdb" events
"$oomdb" explain latest >/dev/null
"$oomdb" explain latest --out event.md
# Pages need what the extra brings, and say so without it.
if "$oomdb" explain latest --out event.html 2>problem; then
    echo "a page without the packages that it needs" >&2
    exit 1
fi
grep -qF "pip install 'oomdb[report]'" problem
# So does a server's database.
if "$oomdb" events --db postgresql://127.0.0.1:1/none 2>problem; then
    echo "a server without the package that it needs" >&2
    exit 1
fi
grep -qF "pip install 'oomdb[postgresql]'" problem
"$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
    "$(echo "$scratch"/*.whl)[report]"
"$oomdb" explain latest --out event.html
grep -q '</html>' event.html
"$oomdb" views --format csv --out views.csv
test "$(wc -l <views.csv)" -gt 6
"$oomdb" query killed_processes --format csv >/dev/null
# The others in one statement, which takes one start of a process.
"$oomdb" sql "$(tail -n +2 views.csv | cut -d, -f1 | sed 's/.*/(SELECT COUNT(*) FROM &)/' |
    paste -sd+ - | sed 's/^/SELECT /')" --format csv >/dev/null
"$oomdb" sql 'SELECT COUNT(*) AS processes FROM processes' --format csv | grep -qx 36
"$oomdb" sources
"$oomdb" reparse
"$oomdb" dump | grep -q '"victims"'
"$scratch/venv/bin/python" -m oomdb --version
echo "the wheel works outside the checkout"
