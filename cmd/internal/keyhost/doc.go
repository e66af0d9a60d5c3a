// Package keyhost is what the helper of package modhost does, for the program tokenhost and for those that take its part when
// it does not lie beside them: it loads the one library that it is told, PKCS #11 or SKF.
package keyhost
