// Package checkup looks over all that the program needs on this computer, and says of each thing whether it is there and what to
// do when it is not: the keys with their whole way from the port to the certificate (package token/doctor), LibreOffice, Chinese
// fonts, the program's folders, room on the disk, and the platform with its clock.
//
// What was found can be written into a bundle for whoever helps. Nothing in it is secret: no PIN, no private key, no document, no
// name but those of organisations, no path of the person's own.
package checkup
