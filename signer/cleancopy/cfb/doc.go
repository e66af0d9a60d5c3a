// Package cfb reads the directory and the first bytes of streams of an OLE compound file ([MS-CFB]), as far as it takes
// to tell a Word document from an encrypted one and from everything else that comes in the same container. All tables
// are bounded by the size of the file and every chain is followed at most once round.
package cfb
