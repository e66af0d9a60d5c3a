// Package poll turns a list of tokens that can be asked for into events. Waiting for events of a library is no substitute:
// C_WaitForSlotEvent and SKF_WaitForDevEvent were seen to miss keys, to return at once and never to return at all.
package poll
