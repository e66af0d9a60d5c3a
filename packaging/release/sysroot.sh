#!/bin/sh
# Unpacks packages of a release of Debian and what they need, for one Linux architecture, into a folder; nothing is installed on this
# machine. Without a release and packages it is what the window is linked with: Debian 11's libraries, whose C library is old enough
# for the Kylin and UOS desktops.
#   packaging/release/sysroot.sh amd64|arm64|loong64 FOLDER [RELEASE PACKAGE…]
set -eu
arch=$1
root=$2
suite=${3:-bullseye}
wanted='libc6-dev libgl-dev libegl-dev libgles-dev libx11-dev libxrandr-dev libxcursor-dev libxinerama-dev libxi-dev libxxf86vm-dev libxkbcommon-dev'
if [ $# -gt 3 ]; then
	shift 3
	wanted=$*
fi
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

if [ -e "$root/complete" ] && [ "$(cat "$root/complete")" = "$wanted" ]; then exit 0; fi
rm -rf "$root"
mkdir -p "$root.apt/lists/partial" "$root.apt/archives/partial" "$root"
state=$(cd "$root.apt" && pwd)
: >"$state/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$state/sources.list"
own() {
	apt-get -qq -o Dir::Etc::SourceList="$state/sources.list" -o Dir::Etc::SourceParts=- -o Dir::Etc::Parts=- \
		-o Dir::State::Lists="$state/lists" -o Dir::State::status="$state/status" -o Dir::Cache::archives="$state/archives" \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o APT::Sandbox::User= -o Debug::NoLocking=1 "$@"
}
own update
# shellcheck disable=SC2086 # a list of words is meant
own --no-install-recommends --download-only -y install $wanted
for deb in "$state"/archives/*.deb; do dpkg-deb -x "$deb" "$root"; done
# Links to files of the root lead out of the folder; they are made relative to it.
find "$root" -type l | while read -r link; do
	to=$(readlink "$link")
	case "$to" in /*) ln -snf "$(realpath -m --relative-to="$(dirname "$link")" "$root$to")" "$link" ;; esac
done
rm -rf "$root.apt"
echo "$wanted" >"$root/complete"
