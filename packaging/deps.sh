#!/bin/sh
# Installs the system packages that SealDesk needs and that are missing, and says which.
#   packaging/deps.sh demo    what building and running the client needs
#   packaging/deps.sh test    the same, and the programs that judge its work in the tests
#   packaging/deps.sh bench   the same, and the programs that its speed is measured beside
#   packaging/deps.sh interop the same, and those that judge it in make interop
#   packaging/deps.sh packages what make packages and make packages-check need
# On a system without apt it names what is needed and stops if something is not there.
set -eu

build='libgl-dev libegl-dev libx11-dev libxrandr-dev libxcursor-dev libxinerama-dev libxi-dev libxxf86vm-dev libxkbcommon-dev pkg-config'
run='libgl1-mesa-dri libreoffice-writer fonts-noto-cjk ca-certificates'
judges='xvfb xdotool imagemagick poppler-utils qpdf openssl softhsm2 opensc libpcsclite1 postgresql gnome-keyring dbus-daemon chromium fcitx5 fcitx5-rime rime-data-luna-pinyin'
others='mupdf-tools python3-venv maven default-jdk-headless'
makers='gcc libc6-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-mingw-w64-x86-64 nsis'
checkers='cpio file desktop-file-utils appstream lintian debootstrap qemu-user-static gcc-mingw-w64-i686 rpm xvfb imagemagick man-db bash zsh fish'

case "${1:-}" in
demo) want="$build $run" ;;
test) want="$build $run $judges" ;;
bench) want="$build $run $judges $others time okular" ;;
interop) want="$build $run $judges $others libnss3-tools" ;;
packages) want="$makers $checkers ca-certificates" ;;
*) echo "usage: packaging/deps.sh demo|test|bench|interop|packages" >&2; exit 2 ;;
esac

case "$(uname -s)" in
Linux) ;;
Darwin)
	echo "macOS: needed are the Xcode command line tools, LibreOffice (libreoffice.org) and, for the tests, poppler, qpdf and openssl 3, for make interop mupdf-tools, nss, Python 3, Maven and a JDK."
	exit 0 ;;
*)
	echo "This system: needed are a C compiler for cgo, an OpenGL driver and LibreOffice Writer."
	exit 0 ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
	cat >&2 <<EOF
This is not a Debian or Ubuntu system, so nothing is installed. Please see that these are there
(Debian's names; your distribution's may differ):
  to build:  $build
  to run:    $run
  to test:   $judges
  interop:   $others
EOF
	missing=
	for p in gcc make pkg-config soffice; do command -v $p >/dev/null 2>&1 || missing="$missing $p"; done
	[ -z "$missing" ] || { echo "Not found here:$missing" >&2; exit 1; }
	exit 0
fi

# Node may come from elsewhere than Debian; its packages, and npm's many, are then not wanted.
case "$want" in *"$judges"*) command -v npm >/dev/null 2>&1 || want="$want nodejs npm" ;; esac

missing=
for p in $want; do
	# A package that another one provides (pkg-config by pkgconf, libreoffice-writer by a backport) counts as installed.
	state=$(dpkg-query -W -f='${Status}\n' "$p" 2>/dev/null || true)
	case "$state" in *'install ok installed'*) ;; *) missing="$missing $p" ;; esac
done
[ -n "$missing" ] || exit 0

echo "SealDesk needs these system packages and installs them now:$missing"
sudo=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "Neither root nor sudo here. Please have an administrator run:" >&2
		echo "  apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
	sudo=sudo
fi
$sudo apt-get update -qq || echo "The package lists could not be renewed; going on with the ones that are here." >&2
# shellcheck disable=SC2086 # a list of words is meant
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
	echo "apt-get could not install:$missing" >&2
	exit 1
}
echo "Installed:$missing"
