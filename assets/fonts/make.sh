#!/bin/sh
# Cuts the fonts of the program out of Noto CJK (SIL OFL 1.1).
#
# Needs Go, hb-subset (Debian: libharfbuzz-bin) and the collections of the Debian
# packages fonts-noto-cjk and fonts-noto-cjk-extra; NOTO names their folder.
# Face 2 of each collection is the one with the shapes of the mainland. Layout
# features and hinting are left out: the window uses neither, and the CFF
# subroutines stay, which halves the files.
set -eu
cd "$(dirname "$0")"
noto=${NOTO:-/usr/share/fonts/opentype/noto}

points=$(mktemp)
trap 'rm -f "$points"' EXIT
go run codepoints.go >"$points"

cut() {
	hb-subset --font-file="$noto/$1.ttc" --face-index=2 --no-hinting \
		--layout-features='' --unicodes-file="$points" -o "$2"
}
cut NotoSansCJK-Regular sans-regular.otf
cut NotoSansCJK-Medium sans-medium.otf
cut NotoSerifCJK-Bold serif-bold.otf

# The date beside a seal needs a lighter face than the seal, and these characters only.
hb-subset --font-file="$noto/NotoSerifCJK-Regular.ttc" --face-index=2 --no-hinting \
	--layout-features='' --text=0123456789年月日 -o serif-date.otf
