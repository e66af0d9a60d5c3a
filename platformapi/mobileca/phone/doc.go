// Package phone is the phone's web app of the mobile CA. Its sources are TypeScript in src: crypto is the phone's half of a
// shared SM2 key (package twoparty has the service's), made of @noble/curves' arithmetic and the browser's WebCrypto; wire
// reads what desktops say and refuses what does not agree with what is shown; flow joins them with the service's API; pages
// and ui are what the person sees. dist is what `npm run build` makes of them.
package phone
