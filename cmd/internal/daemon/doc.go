// Package daemon is the command line of the programs that serve: commands by their names, of which serving is the one that is
// meant when none is named; flags before and behind words; what went wrong as the exit code.
package daemon
