// Package platforms keeps the trading platforms that a person works with: what each is called, where it is, whose TLS
// certificates are believed there, and where its mobile CA and its signing service are. They lie in one JSON file of the
// person's; a second one, of whoever administers the machine, is read only.
package platforms
