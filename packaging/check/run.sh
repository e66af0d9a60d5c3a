#!/bin/sh
# Proves what make packages made: each package is put into a root of its own, started and made to sign the sample contract.
#   packaging/check/run.sh dist [STEP…]     steps: rules deb window arm64 loong64 rpm windows same; without one, all
# It runs as root on Debian, takes minutes, and writes what it saw to dist/check. A step that cannot be done here is named.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dist=$(cd "$1" && pwd)
shift
steps=${*:-rules deb window arm64 loong64 rpm windows same}
seen=$dist/check
work=$(mktemp -d)
failed=
formats=/proc/sys/fs/binfmt_misc
mkdir -p "$seen"
trap 'for a in arm64 loong64; do [ ! -e $formats/sealdesk-$a ] || native $a; done; umount -l "$work"/*/proc 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT

say() { echo "== $*"; }
ok() { echo "   ok: $*"; }
bad() { echo "   FAILED: $*"; failed=1; }
skip() { echo "   not done: $*"; }
need() { for f in "$@"; do [ -e "$f" ] || { bad "$f is not there; make packages makes it"; return 1; }; done; }

# base makes a clean Debian 12 of an architecture in a folder; what was fetched for it once is kept.
base() { # ARCHITECTURE ROOT
	root=$2
	kept=$here/../../.cache/check/base-$1.tar
	if [ ! -e "$kept" ]; then
		mkdir -p "$(dirname "$kept")"
		debootstrap --arch="$1" --variant=minbase bookworm "$root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$seen/debootstrap.log" 2>&1
		tar -C "$root" -cf "$kept" .
		return
	fi
	mkdir -p "$root"
	tar -C "$root" -xf "$kept"
}

# signs has a root's sealctl sign the sample contract, and verify it.
signs() { # ROOT COMMAND…
	in=$1
	shift
	cp "$work/sample.pdf" "$in/tmp/sample.pdf"
	rm -rf "$in/tmp/demo" "$in/tmp/out.pdf"
	"$@" demo --algorithm sm2 --in /tmp/sample.pdf --out /tmp/out.pdf --work /tmp/demo >"$seen/demo.log" 2>&1 || { cat "$seen/demo.log"; return 1; }
	"$@" verify /tmp/out.pdf --trust /tmp/demo/roots.pem --lang en >"$seen/verify.log" 2>&1 || { cat "$seen/verify.log"; return 1; }
	head -1 "$seen/verify.log"
}

# A clean copy of the sample contract, made here, stands for a contract where the root has no LibreOffice.
sample() {
	[ -s "$work/sample.pdf" ] && return 0
	tar -xzf "$dist"/sealdesk-*-linux-amd64.tar.gz -C "$work"
	mv "$work"/sealdesk-*-linux-amd64 "$work/tree"
	"$work/tree/sealctl" clean "$here/../../assets/samples/sample-contract.docx" -o "$work/sample.pdf" --report "$work/report.json" >/dev/null
}

step_rules() {
	say "rules: the desktop's files, the packages' form"
	mkdir -p "$work/tree-deb"
	dpkg-deb -x "$(ls "$dist"/sealdesk_*_amd64.deb)" "$work/tree-deb"
	desktop-file-validate "$work"/tree-deb/usr/share/applications/*.desktop && ok desktop-file-validate || bad desktop-file-validate
	appstreamcli validate --no-net "$work"/tree-deb/usr/share/metainfo/*.xml && ok appstreamcli || bad appstreamcli
	update-mime-database "$work/tree-deb/usr/share/mime" 2>"$seen/mime.log" && ok update-mime-database || bad update-mime-database
	for deb in "$dist"/*.deb; do
		unknown=
		case "$deb" in *_loong64.deb) unknown='--suppress-tags unknown-architecture,binary-from-other-architecture' ;; esac # to Debian 12
		# shellcheck disable=SC2086 # words are meant
		tags=$(lintian --allow-root --tag-display-limit 0 --suppress-tags-from-file "$here/lintian.txt" $unknown "$deb" 2>/dev/null || true)
		[ -z "$tags" ] && ok "lintian $(basename "$deb")" || bad "lintian: $tags"
	done
	mkdir -p "$work/tools"
	dpkg-deb -x "$(ls "$dist"/sealdesk-tools_*_amd64.deb)" "$work/tools"
	bash -n "$work/tools/usr/share/bash-completion/completions/sealctl" && ok "bash completion" || bad "bash completion"
	zsh -n "$work/tools/usr/share/zsh/vendor-completions/_sealctl" && ok "zsh completion" || bad "zsh completion"
	fish -n "$work/tools/usr/share/fish/vendor_completions.d/sealctl.fish" && ok "fish completion" || bad "fish completion"
	mkdir -p "$work/server"
	dpkg-deb -x "$(ls "$dist"/sealdesk-server_*_amd64.deb)" "$work/server"
	for unit in "$work"/server/usr/lib/systemd/system/*.service; do
		if command -v systemd-analyze >/dev/null; then
			level=$(systemd-analyze security --offline=true "$unit" 2>/dev/null | sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\).*/\1/p')
			ok "$(basename "$unit"): exposure ${level:-unknown} of 10"
		else
			skip "systemd-analyze is not here"
		fi
	done
	for page in "$work"/tree-deb/usr/share/man/man?/*.gz "$work"/tools/usr/share/man/man1/*.gz "$work"/server/usr/share/man/man8/*.gz; do
		said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null | head -3)
		[ -z "$said" ] && ok "man $(basename "$page")" || bad "man: $said"
	done
}

step_deb() {
	say "deb: installed by apt into a clean Debian 12"
	sample
	root=$work/base-amd64
	base amd64 "$root"
	mount -t proc proc "$root/proc" # a program finds its own file by it
	mkdir -p "$root/debs"
	cp "$dist"/*_amd64.deb "$root/debs/"
	chroot "$root" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /debs/*.deb' >"$seen/apt.log" 2>&1 \
		&& ok "apt-get install" || { tail -5 "$seen/apt.log"; bad "apt-get install"; return; }
	signs "$root" chroot "$root" /usr/bin/sealctl && ok "the sample is signed and valid" || bad "the sample"
	chroot "$root" platformd --help >/dev/null 2>&1 || chroot "$root" platformd serve --help >/dev/null 2>&1 && ok "platformd starts" || bad platformd
	[ -u "$root/usr/bin/sealctl" ] && bad "set-uid" || ok "nothing is set-uid"
}

step_window() {
	say "window: started in that root under Xvfb, and pictured"
	root=$work/base-amd64
	[ -x "$root/usr/bin/sealdesk" ] || { skip "the step deb comes before it"; return; }
	chroot "$root" sh -c 'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libgl1-mesa-dri xvfb imagemagick' >>"$seen/apt.log" 2>&1 ||
		{ bad "Xvfb cannot be installed"; return; }
	chroot "$root" sh -c '
		Xvfb :97 -screen 0 1280x800x24 >/dev/null 2>&1 & x=$!
		sleep 2
		HOME=/tmp/home DISPLAY=:97 LC_ALL=C.UTF-8 sealdesk -lang zh-CN /tmp/out.pdf >/tmp/window.log 2>&1 & w=$!
		sleep 12
		DISPLAY=:97 import -window root /tmp/window.png
		kill $w $x' || true
	cp "$root/tmp/window.png" "$seen/window.png" 2>/dev/null && [ "$(convert "$seen/window.png" -unique-colors -format '%w' info:)" -gt 50 ] \
		&& ok "a window with something in it: $seen/window.png" || { cat "$root/tmp/window.log"; bad "the window"; }
}

# emulated makes a root of another processor with sealctl in it. What sealctl starts of itself has to be emulated, too, so the kernel is
# told of the emulator until native is called.
emulated() { # ARCHITECTURE EMULATOR MACHINE LIBRARIES
	root=$work/root-$1
	[ -e $formats/register ] || mount -t binfmt_misc binfmt_misc $formats 2>/dev/null || { skip "this kernel takes no emulators (binfmt_misc)"; return 1; }
	sample
	mkdir -p "$root/tmp" "$root/proc" "$root/dev"
	mount -t proc proc "$root/proc"
	cp -a /dev/null /dev/zero /dev/urandom "$root/dev/"
	dpkg-deb -x "$(ls "$dist"/sealdesk-tools_*_"$1".deb)" "$root"
	for libs in lib lib64; do
		from=$4/usr/$libs # where a release keeps only links at the top
		[ ! -d "$4/$libs" ] || from=$4/$libs
		[ ! -d "$from" ] || { mkdir -p "$root/$libs" && cp -a "$from/." "$root/$libs/"; }
	done
	printf '%s' ":sealdesk-$1:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00$3:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:$2:F" >$formats/register
}

native() { echo -1 >"$formats/sealdesk-$1"; }

# following shows what a log says while a command writes it, which may take minutes.
following() { # LOG COMMAND…
	log=$1
	shift
	: >"$log"
	tail -f --pid=$$ "$log" 2>/dev/null | sed -u 's/^/   . /' &
	follower=$!
	status=0
	"$@" || status=$?
	kill $follower
	return $status
}

step_arm64() {
	say "arm64: sealctl demo under qemu, which takes minutes"
	command -v qemu-aarch64-static >/dev/null || { skip "qemu-user-static is not here"; return; }
	emulated arm64 /usr/bin/qemu-aarch64-static '\xb7\x00' "$here/../../.cache/sysroot/arm64" || return 0
	following "$seen/demo.log" signs "$root" timeout 3600 chroot "$root" /usr/bin/sealctl && ok "the sample is signed and valid" || bad "the sample"
	native arm64
}

# Debian 12 has neither a C library for LoongArch nor an emulator of the processor that later ones are made for, so both are of later
# releases. An interpreter in an emulator takes longer to draw or search a page than that may take, so the demo's clean copy and places at
# words are left out.
step_loong64() {
	say "loong64: sealctl under qemu"
	kept=$here/../../.cache/check
	sh "$here/../release/sysroot.sh" loong64 "$kept/loong64" forky libc6 && sh "$here/../release/sysroot.sh" amd64 "$kept/qemu" trixie qemu-user ||
		{ skip "the emulator cannot be had"; return; }
	emulated loong64 "$(realpath "$kept")/qemu/usr/bin/qemu-loongarch64" '\x02\x01' "$kept/loong64" || return 0
	cp "$work/sample.pdf" "$root/tmp/"
	(umask 077 && echo 246810 >"$root/tmp/pin")
	key='soft:module-path=/tmp/keys;token=buyer'
	on() { timeout 900 chroot "$root" /usr/bin/sealctl "$@" >>"$seen/loong64.log" 2>&1; }
	: >"$seen/loong64.log"
	on token init --token "$key" --name 云溪县人民医院 --work /tmp/ca --algorithm sm2 --pin-file /tmp/pin &&
		on sign /tmp/sample.pdf -o /tmp/out.pdf --token "$key" --pin-file /tmp/pin --at page=last,x=70mm,y=200mm &&
		on verify /tmp/out.pdf --trust /tmp/ca/roots.pem && ok "the sample is signed and valid" || { tail -5 "$seen/loong64.log"; bad "the sample"; }
	"$work/tree/sealctl" verify "$root/tmp/out.pdf" --trust "$root/tmp/ca/roots.pem" >/dev/null && ok "and this processor agrees" || bad "this processor does not agree"
	native loong64
}

step_rpm() {
	say "rpm: unpacked; its own checks"
	sample
	for rpm in "$dist"/*.x86_64.rpm; do
		rpm -K --nosignature "$rpm" >/dev/null && ok "$(basename "$rpm"): digests" || bad "$rpm"
		mkdir -p "$work/rpm"
		(cd "$work/rpm" && rpm2cpio "$rpm" | cpio -idmu --quiet --no-absolute-filenames 2>/dev/null)
	done
	mkdir -p "$work/rpm/tmp"
	cp "$work/sample.pdf" "$work/rpm/tmp/"
	(cd "$work/rpm/tmp" && ../usr/bin/sealctl demo --algorithm rsa --in sample.pdf --out out.pdf --work demo >"$seen/rpm.log" 2>&1 &&
		../usr/bin/sealctl verify out.pdf --trust demo/roots.pem >/dev/null) && ok "the sample is signed and valid" || { tail -3 "$seen/rpm.log"; bad "the sample"; }
	skip "installing by dnf: there is no RPM system here"
}

# wine_root puts a Debian with Wine for programs of both widths into the run's folder, which changes nothing of this system.
wine_root() {
	root=$work/base-amd64-wine
	kept=$here/../../.cache/check/wine.tar
	if [ ! -e "$kept" ]; then
		base amd64 "$root"
		kept=$here/../../.cache/check/wine.tar
		chroot "$root" sh -c 'dpkg --add-architecture i386 && apt-get update -qq &&
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wine wine64 wine32:i386 && apt-get clean' >"$seen/wine-apt.log" 2>&1 ||
			{ tail -3 "$seen/wine-apt.log"; return 1; }
		tar -C "$root" -cf "$kept" .
	else
		mkdir -p "$root"
		tar -C "$root" -xf "$kept"
	fi
	mount -t proc proc "$root/proc"
}

step_windows() {
	say "windows: the installer, sealctl.exe and both tokenhosts under Wine"
	sample
	wine_root || { bad "a root with Wine"; return; }
	drive=$root/root/.wine/drive_c
	wine() { chroot "$root" env WINEDEBUG=-all LC_ALL=C.UTF-8 HOME=/root DISPLAY= timeout 900 wine "$@"; }
	wine wineboot -i >/dev/null 2>&1 || true
	[ -d "$drive/windows/syswow64" ] || { bad "Wine does not start"; return; }
	# Wine 8 lacks the library by which Go has got its random bytes since 1.22.
	x86_64-w64-mingw32-gcc -shared -O2 -o "$drive/windows/system32/bcryptprimitives.dll" "$here/bcryptprimitives.c" -ladvapi32
	i686-w64-mingw32-gcc -shared -O2 -o "$drive/windows/syswow64/bcryptprimitives.dll" "$here/bcryptprimitives.c" -ladvapi32 -Wl,--kill-at

	cp "$dist"/sealdesk-*-setup.exe "$drive/setup.exe"
	wine 'C:\setup.exe' /S >"$seen/wine.log" 2>&1 || true
	app=$(find "$drive/users" -name sealctl.exe | head -1)
	[ -n "$app" ] && ok "the installer put it into ${app#"$drive"}" || { bad "the installer: $(tail -1 "$seen/wine.log")"; return; }
	folder=$(dirname "$app")
	inside="C:$(echo "${folder#"$drive"}" | tr / '\\')"
	for name in sealdesk sealctl tokenhost tokenhost-386; do
		file "$folder/$name.exe" | grep -q "$([ $name = tokenhost-386 ] && echo 'PE32 ' || echo 'PE32+ ')" || bad "$name.exe is of another width"
	done
	wine reg query 'HKCU\Software\Classes\sealdesk\shell\open\command' 2>/dev/null | grep -q 'sealdesk.exe' && ok "links of sealdesk:// open it" || bad "links"

	cp "$work/sample.pdf" "$drive/sample.pdf"
	chroot "$root" mkdir -p /root/.wine/drive_c/work
	wine "$inside\\sealctl.exe" demo --algorithm sm2 --in 'C:\sample.pdf' --out 'C:\out.pdf' --work 'C:\work\demo' >"$seen/wine-demo.log" 2>&1 &&
		wine "$inside\\sealctl.exe" verify 'C:\out.pdf' --trust 'C:\work\demo\roots.pem' --lang en >"$seen/wine-verify.log" 2>&1 &&
		ok "sealctl.exe signed the sample: $(head -1 "$seen/wine-verify.log")" || { tail -5 "$seen/wine-demo.log"; bad sealctl.exe; }
	"$work/tree/sealctl" verify "$drive/out.pdf" --trust "$drive/work/demo/roots.pem" >/dev/null && ok "and Linux agrees" || bad "Linux does not agree"
	tokenhosts

	drafts=$drive/users/root/AppData/Roaming/sealdesk
	mkdir -p "$drafts"
	echo draft >"$drafts/draft"
	wine "$inside\\uninstall.exe" /S "_?=$inside" >>"$seen/wine.log" 2>&1 || true
	[ ! -e "$app" ] && [ -e "$drafts/draft" ] && ok "the uninstaller took the programs away and kept the drafts" || bad "the uninstaller"
	wine wineboot -k >/dev/null 2>&1 || true
	sleep 3
	umount -l "$root/proc"
	rm -rf --one-file-system "$root"
}

# tokenhosts has each tokenhost load a library of its width, that of the software key, and two parties sign with the keys on it.
tokenhosts() {
	shim=$here/../../token/softkey/shim
	(cd "$here/../.." && go build -o "$work/usbkey" ./packaging/check/usbkey) || { bad "the software key"; return; }
	printf 246810 >"$drive/pin"
	for cpu in x86_64 i686; do
		$cpu-w64-mingw32-gcc -std=c11 -O2 -shared -DGONE=0x0A000023UL '-DVARIANT="skf"' -o "$drive/softkey-$cpu.dll" \
			"$shim/wire.c" "$shim/host_windows.c" "$shim/skf.c" -static -lpthread -lws2_32 -ladvapi32 -Wl,--kill-at
		mkfifo "$work/life-$cpu"
		"$work/usbkey" 246810 <"$work/life-$cpu" >"$work/port-$cpu" &
		exec 9>"$work/life-$cpu" # the key is there until this is closed
		while [ ! -s "$work/port-$cpu" ]; do sleep 0.2; done
		SEALDESK_SOFTKEY_PORT=$(cat "$work/port-$cpu")
		export SEALDESK_SOFTKEY_PORT
		log=$seen/wine-tokenhost-$cpu.log
		: >"$log"
		good=1
		key="skf:module-path=C:/softkey-$cpu.dll;serial=KEY"
		for n in 1 2; do
			wine "$inside\\sealctl.exe" token init --token "${key}$n?pin-source=file:C:/pin" --name "某某单位$n" --work 'C:\work\ca' --algorithm sm2 >>"$log" 2>&1 || good=
		done
		wine "$inside\\sealctl.exe" demo --work 'C:\work\ca' --token "${key}1?pin-source=file:C:/pin" --token2 "${key}2?pin-source=file:C:/pin" \
			--in 'C:\sample.pdf' --out "C:\\$cpu.pdf" >>"$log" 2>&1 || good=
		exec 9>&-
		[ -n "$good" ] && "$work/tree/sealctl" verify "$drive/$cpu.pdf" --trust "$drive/work/ca/roots.pem" >>"$log" 2>&1 &&
			ok "a library of $cpu in its tokenhost signed the sample" || { tail -5 "$log"; bad "a library of $cpu"; }
	done
}

# Of one commit, two builds in two folders with nothing of each other's: other folder, other time zone, other umask.
step_same() {
	say "same: built once more, in another folder"
	commit=$(git -C "$here" rev-parse HEAD)
	[ -z "$(git -C "$here" status --porcelain --untracked-files=no)" ] || { skip "the tree has changes, so its commit is not what was built"; return; }
	git clone -q "$(git -C "$here" rev-parse --show-toplevel)" "$work/another folder" && git -C "$work/another folder" checkout -q "$commit"
	(cd "$work/another folder" && umask 077 && TZ=Asia/Shanghai LC_ALL=C GOCACHE="$work/gocache" go run ./packaging/release -o "$work/again") >"$seen/same.log" 2>&1 ||
		{ tail -3 "$seen/same.log"; bad "the second build"; return; }
	(cd "$dist" && sort SHA256SUMS) >"$work/first"
	(cd "$work/again" && sort SHA256SUMS) >"$work/second"
	diff "$work/first" "$work/second" >"$seen/same.diff" && ok "$(wc -l <"$work/first") files, byte for byte" || { cat "$seen/same.diff"; bad "other bytes"; }
}

for s in $steps; do "step_$s"; done
[ -z "$failed" ] && echo "All that could be run here holds." || { echo "Something failed."; exit 1; }
