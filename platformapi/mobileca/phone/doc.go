// Package phone is the phone's web app of the mobile CA. Its sources are TypeScript in src; crypto is the phone's half of
// a shared SM2 key (package twoparty has the service's), made of @noble/curves' arithmetic and the browser's WebCrypto.
package phone
