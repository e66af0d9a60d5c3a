#!/bin/sh
# Puts pyHanko, which judges our signatures in make interop, into a Python environment of its own: pyhanko.sh FOLDER
# The versions are those of pyhanko.txt. An environment that has them is left as it is.
set -eu
folder=${1:?usage: packaging/interop/pyhanko.sh FOLDER}
list=$(dirname "$0")/pyhanko.txt
if cmp -s "$list" "$folder/pyhanko.txt"; then exit 0; fi
if ! command -v python3 >/dev/null 2>&1; then
	echo "pyHanko is missing, and so is python3 to install it with: nothing was judged by it." >&2
	exit 1
fi
rm -rf "$folder"
python3 -m venv "$folder" || { echo "Python cannot make an environment here (Debian: python3-venv): pyHanko is missing." >&2; exit 1; }
"$folder/bin/pip" install --quiet --no-deps --disable-pip-version-check -r "$list" || {
	echo "pip could not install pyHanko: it is missing, and nothing was judged by it." >&2
	exit 1
}
cp "$list" "$folder/pyhanko.txt"
