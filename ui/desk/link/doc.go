// Package link reads the links by which a platform's pages open the client at a contract:
//
//	sealdesk://contracts.example.cn/contracts/2f1c…   (a UUID, RFC 9562)
//
// Anybody may make such a link and put it anywhere, so it can do no more than a person who looks for the contract in the list:
// it names one of the platforms that are known here and a contract, and nothing else can be said in it.
package link
