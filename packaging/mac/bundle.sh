#!/bin/sh
# Makes SealDesk.app and a disk image of it. To be run on a Mac, from the top of the source, with Go and the Xcode command line
# tools; nothing else can make it, for the window is linked with Apple's frameworks.
#   packaging/mac/bundle.sh [dist]
# SIGN_AS, "Developer ID Application: …", signs it for the hardened runtime; without it the bundle runs on this Mac only. NOTARY is
# a keychain profile of notarytool; with it the image is notarized and stapled. The programs are for the Mac's own processor.
set -eu
cd "$(dirname "$0")/../.."
dist=${1:-dist}
[ "$(uname -s)" = Darwin ] || { echo "This makes a macOS bundle and has to be run on a Mac." >&2; exit 2; }
version=$(git describe --tags --match 'v[0-9]*' 2>/dev/null | sed 's/^v//' || true)
version=${version:-0.0.0}
app=$dist/SealDesk.app
rm -rf "$app"
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources"
sed "s/@VERSION@/$version/g; s/@SHORT@/${version%%[-+]*}/g" packaging/mac/Info.plist >"$app/Contents/Info.plist"
for program in sealdesk sealctl tokenhost; do
	go build -trimpath -tags migrated_fynedo,no_emoji -ldflags "-s -w -X main.version=$version" -o "$app/Contents/MacOS/$program" "./cmd/$program"
done
set=$(mktemp -d)/sealdesk.iconset
mkdir "$set"
for size in 16 32 128 256 512; do
	cp "assets/icons/app/app-$size.png" "$set/icon_${size}x$size.png"
	double=$((size * 2))
	[ -e "assets/icons/app/app-$double.png" ] && cp "assets/icons/app/app-$double.png" "$set/icon_${size}x$size@2x.png"
done
iconutil -c icns -o "$app/Contents/Resources/sealdesk.icns" "$set"
cp LICENSE assets/fonts/OFL.txt "$app/Contents/Resources/"
# Only tokenhost may load libraries that somebody else signed: those of the vendors of keys.
sign() { codesign --force --timestamp --options runtime --sign "$SIGN_AS" "$@"; }
if [ -n "${SIGN_AS:-}" ]; then
	sign --entitlements packaging/mac/tokenhost.entitlements "$app/Contents/MacOS/tokenhost"
	sign "$app/Contents/MacOS/sealctl"
	sign "$app"
	codesign --verify --strict --deep "$app"
fi
image=$dist/sealdesk-$version-darwin-$(uname -m).dmg
hdiutil create -quiet -ov -volname SealDesk -srcfolder "$app" "$image"
if [ -n "${NOTARY:-}" ]; then
	xcrun notarytool submit --keychain-profile "$NOTARY" --wait "$image"
	xcrun stapler staple "$image"
fi
echo "$image"
