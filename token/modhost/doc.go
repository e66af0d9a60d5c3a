// Package modhost runs a key vendor's library in a helper process of its own, for such libraries were seen to crash on the
// first call, to wait for another program's lock for ever and to answer absurd lengths. [Open] gives a driver like any other;
// behind it the helper, cmd/tokenhost, is started when it is first needed and holds exactly one library.
//
//   - Every call has a deadline, after which the helper is killed: that shows as token.ErrTimeout.
//   - A crash shows as token.ErrRemoved with the library's name. The helper is started again at the next call, after a pause
//     that grows; a library that keeps crashing is put in quarantine until a person asks for it again ([Driver.Reenable]).
//   - After either, everything that was open is void: tokens are found anew and want their PIN, and a key is used again only if
//     it carries the very certificate that was chosen. A PIN is sent once, whatever becomes of it.
//   - The helper has a clean environment, no way to the window, and ends when the client does.
package modhost
