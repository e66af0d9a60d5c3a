// Package outbox keeps what is to be sent to a platform until the platform has given a receipt. A request is in the
// journal, synced, before anything of it is sent; it carries an idempotency key, so that it happens once however often it
// is sent; and what waits can be seen, tried at once, or taken back while nothing of it has left. Whenever the process
// dies, a signed contract is in the outbox or filed.
//
// The journal is a SQLite file in a folder of its own, with copies of the files to be sent beside it. What says anything of a
// contract is closed by a vault there; what orders the sending is not. Several processes may have it open; those that send
// for the same organisation take turns. Entries belong to an organisation and are sent only in a session of that
// organisation; those of one contract go in the order in which they were added, each after the receipt of the one before.
// Nothing is decided by the clock of the wall. What happened to one entry on the disk harms no other: it is listed as failed,
// with what can still be read of it, holds back what follows in its contract, and is deleted only by Withdraw.
package outbox
