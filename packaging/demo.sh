#!/bin/sh
# Opens the demo's window, or plays the demo on the terminal where there is no display.
set -eu
cd "$(dirname "$0")/.."
work=${SEALDESK_DEMO:-${XDG_DATA_HOME:-$HOME/.local/share}/sealdesk-demo}
if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
	mkdir -p "$work"
	echo "No display here (DISPLAY is not set), so no window can be opened."
	echo "The demo plays both parties on the terminal instead."
	exec bin/sealctl demo --work "$work/terminal" --out "$work/final.pdf"
fi
exec bin/sealdesk --demo --work "$work" --order "${ORDER:-}" --phones "${PHONES-127.0.0.1:8444}"
