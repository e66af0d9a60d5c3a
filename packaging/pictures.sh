#!/bin/sh
# Takes the pictures of the README, of the guide and of the table of the manuals' steps anew: the window's, some of those that the pages' tests
# take, and of those that the phone's tests take the ones that show a page at rest.
set -eu
cd "$(dirname "$0")/.."
pictures=$PWD/packaging/pictures
SEALDESK_PICTURES=$pictures "${GO:-go}" test -count=1 -tags "${TAGS:-x11}" -run TestContractIsSigned ./cmd/sealdesk

taken=$(mktemp -d)
trap 'rm -rf "$taken"' EXIT
SEALDESK_PICTURES=$taken "${GO:-go}" test -count=1 -tags "${TAGS:-x11}" \
	-run 'TestThePhonesCertificateIsBound|TestATemplateIsSaved|TestReviewedAgreedAndSealed|TestVoidSealsStayInSight|TestPublishedAndFiled|TestABidFromTheListToTheReceipt' \
	./ui/pages/bind ./ui/pages/bid ./ui/pages/form ./ui/pages/publish
SEALDESK_PICTURES=$taken "${GO:-go}" test -count=1 -tags "${TAGS:-x11}" -run TestBidsAreOpenedInTheHall ./cmd/sealdesk
while read -r name shot; do
	cp "$taken/$shot.png" "$pictures/$name.png"
done <<'EOF'
scan-bind bind-scan
templates templates
review-first review-received
void-seals void-seals
publish publish-made
bid-list bid-list
bid-certify bid-certify
bid-stamp bid-stamp
bid-built bid-built
bid-handed-in bid-receipt
hall hall-started
hall-terminal hall-wrong-key
hall-decrypted hall-decrypted
hall-prices hall-prices
hall-record hall-record
EOF

SEALDESK_PICTURES=$taken "${GO:-go}" test -count=1 -tags "${TAGS:-x11}" -run TestEveryFaceFitsAndHasItsWords/en ./ui/pages

# The guide's pictures: in Chinese the same ones, smaller; in English those of a second way through the window, and of some
# pages' own tests.
SEALDESK_PICTURES=$taken "${GO:-go}" test -count=1 -tags "${TAGS:-x11}" -run TestTheGuideInEnglish ./cmd/sealdesk
few() { convert "$1" -resize '960x>' -dither None -colors 128 -strip "PNG8:$2"; }
while read -r name face; do
	few "$pictures/$name.png" "assets/help/zh-CN/$name.png"
	few "$taken/$face.png" "assets/help/en/$name.png"
done <<'EOF'
login login
home home
form form
clean clean
stamp stamp
review review
awards awards
flow flow
outbox outbox
keys keys
seals seals
verify en verify, sealed
compare en compare
batch en batch
EOF

# Pages on three screens, in both languages: the largest above, the two others below it. Documents are the sample contract in full,
# of which LibreOffice makes the pages.
cat >"$taken/screens" <<'EOF'
login login
home home
contracts contracts
new contracts, new one
form form, cleaned
review form, to review
clean clean
stamp stamp
pin stamp, PIN
sealed stamp, sealed
view view, concluded
revision revision
publish publish
awards awards, the supplier's
flow flow
bids bids, offered
bidding bids, being made
credit bids, credit
openings hall, openings
hall hall, host
terminal hall, terminal
read-out hall, read out
outbox outbox
keys keys
scan scan
bind bind
seals seals
making seals, new
verify verify, sealed
compare compare
batch batch
settings settings
help help
EOF
faces=$(cut -d' ' -f2- "$taken/screens" | tr ' ' _ | paste -sd'|')
# A page that is drawn for a minute must not be forgotten meanwhile.
FYNE_CACHE=1h SEALDESK_SCREENS=$taken "${GO:-go}" test -count=1 -timeout 60m -tags "${TAGS:-x11}" -run "TestEveryFace.*/.*/^($faces)\$" ./ui/pages
while read -r name face; do
	for language in zh-CN en; do
		convert \( "$taken/$language $face, 3840x2160.png" -resize 960x \) \
			\( "$taken/$language $face, 1366x768.png" "$taken/$language $face, 1920x1080.png" -resize 476x -bordercolor white -border 2x4 +append \) \
			-append -dither None -colors 64 -strip "PNG8:assets/help/$language/screens-$name.png"
	done
done <"$taken/screens"

SEALDESK_PHONE_PICTURES=$taken "${GO:-go}" test -count=1 -run 'TestPhone|TestPeople|TestAnOrganisationChanges' ./platformapi/mobileca/phone
mkdir -p "$pictures/phone"
while read -r name shot; do
	# Half of what a phone of 390 points at scale 2 shows, in few colours: the pages have few.
	convert "$taken/$shot.png" -resize 390x -dither None -colors 128 -strip "PNG8:$pictures/phone/$name.png"
done <<'EOF'
login TestPhone-register-login
password TestPhone-register-password
home TestPhone-download-home
platforms TestPhone-choose_a_platform-nearest
identity TestPeople-identity-ways
claim TestPeople-claim-ways
claim-files TestPeople-claim-files
claim-to-pay TestPeople-claim-to-pay
pay TestPeople-pay-method
download TestPhone-download-what
recovery-code TestPhone-download-recovery-code
join TestPeople-join-found
join-waiting TestAnOrganisationChanges-join-waiting
personal TestPeople-withdraw-personal
certificates TestPeople-renew-certificates
renew TestPeople-renew-years
reapply TestAnOrganisationChanges-apply_anew-anew
change TestPeople-change-warning
hand-over TestPeople-staff-hand-over
staff TestPeople-staff-invited
authorise TestPeople-authorise-term
authorised TestAnOrganisationChanges-authorise_by_platform-platform
seal TestPeople-seal-contract
review TestPeople-review-one
recover TestPhone-recover_on_another_phone-home
revoke TestPhone-recover_on_another_phone-revoke
zone TestPeople-zone-swiped
session TestPhone-session-certificate
session-auto TestPhone-session-auto
me TestPeople-me-top
settings TestPeople-settings-list
bind TestPhone-bind-request
scan-match TestPhone-log_in-match
scan-login TestPhone-log_in-request
scan-seal TestPhone-sign-request
scan-pin TestPhone-sign-wrong-pin
scan-done TestPhone-sign-done
scan-decrypt TestPhone-decrypt-request
EOF
