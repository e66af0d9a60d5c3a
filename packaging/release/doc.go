// Command release builds what is handed to people: packages for Debian and RPM systems, a Windows installer, an archive that is
// only unpacked for each system, with a bill of materials and the digests of all of them.
//
//	go run ./packaging/release [-o dist] [-only REGEXP]
//
// One Linux machine makes all of it but the macOS bundle, for which packaging/mac has a script. The same commit gives the same
// bytes, in whatever folder: the only clock is the commit's (SOURCE_DATE_EPOCH may set another), and the window is linked with
// the libraries of one fixed release of Debian, which sysroot.sh unpacks.
package main
