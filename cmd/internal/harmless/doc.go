// Package harmless makes fit for a terminal what others wrote.
package harmless
