// Package assets holds the files that travel inside the programs: fonts, icons,
// the picture of the application and a sample contract. Everything is embedded,
// so that nothing is looked for on the user's disk, and is handed out by
// functions; no work is done when the package is loaded. The folders fonts, icons
// and samples have no package of their own: beside the files in them are the
// programs that made them.
//
// The slices that the functions return are the embedded bytes themselves and
// must not be written to.
package assets
